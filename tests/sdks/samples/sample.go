// The lines that docs/clients.md changes, as in DingTalk's sample program, and little else.
package main

import (
	"os"
	util  "github.com/alibabacloud-go/tea-utils/service"
	dingtalkdatacenter_1_0  "github.com/alibabacloud-go/dingtalk/datacenter_1_0"
	openapi  "github.com/alibabacloud-go/darabonba-openapi/client"
	"github.com/alibabacloud-go/tea/tea"
)

func createClient() (*dingtalkdatacenter_1_0.Client, error) {
	config := &openapi.Config{}
	config.Protocol = tea.String("https")
	return dingtalkdatacenter_1_0.NewClient(config)
}

func query(client *dingtalkdatacenter_1_0.Client) (_err error) {
	queryReportStatisticalDataHeaders := &dingtalkdatacenter_1_0.QueryReportStatisticalDataHeaders{}
	queryReportStatisticalDataHeaders.XAcsDingtalkAccessToken = tea.String("<your access token>")
	queryReportStatisticalDataRequest := &dingtalkdatacenter_1_0.QueryReportStatisticalDataRequest{StatDate: tea.String("20210620")}
	_, _err = client.QueryReportStatisticalDataWithOptions(queryReportStatisticalDataRequest, queryReportStatisticalDataHeaders, &util.RuntimeOptions{})
	if _err != nil {
		return _err
	}
	return nil
}

func main() {
	client, err := createClient()
	if err == nil && len(os.Args) == 1 {
		err = query(client)
	}
	if err != nil {
		panic(err)
	}
}
