// DingTalk's official Go SDK as a program: a line of JSON for every call.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"log"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	datacenter "github.com/alibabacloud-go/dingtalk/datacenter_1_0"
	exclusive "github.com/alibabacloud-go/dingtalk/exclusive_1_0"
	oauth2 "github.com/alibabacloud-go/dingtalk/oauth2_1_0"
	util "github.com/alibabacloud-go/tea-utils/v2/service"
	"github.com/alibabacloud-go/tea/tea"
)

type program struct {
	dataCenter                            *datacenter.Client
	oauth2                                *oauth2.Client
	exclusive                             *exclusive.Client
	runtime                               *util.RuntimeOptions
	called                                string
	key, secret, token, date, clientToken *string
	call, partial, nextToken, maxResults  *string
}

// report is what the call answers, with a new token if there was none or it has expired.
func (p *program) report() (any, error) {
	if p.key == nil {
		return p.query()
	}
	if p.token == nil {
		if err := p.renew(); err != nil {
			return nil, err
		}
	}
	found, err := p.query()
	var answered *tea.SDKError
	if errors.As(err, &answered) && tea.StringValue(answered.Code) == "InvalidAuthentication" {
		if err := p.renew(); err != nil {
			return nil, err
		}
		return p.query()
	}
	return found, err
}

func (p *program) query() (any, error) {
	common := map[string]*string{}
	if p.clientToken != nil {
		common["x-client-token"] = p.clientToken
	}
	if p.partial != nil {
		common["x-reportdata-partial"] = p.partial
	}
	// The models' own tags would leave out an empty list.
	if strings.HasPrefix(p.called, "Query") {
		return p.named(common)
	}
	switch p.called {
	case "day":
		headers := &datacenter.QueryYydLogDayStatisticalDataHeaders{CommonHeaders: common, XAcsDingtalkAccessToken: p.token}
		request := &datacenter.QueryYydLogDayStatisticalDataRequest{StatDate: p.date}
		answer, err := p.dataCenter.QueryYydLogDayStatisticalDataWithOptions(request, headers, p.runtime)
		if err != nil {
			return nil, err
		}
		return map[string]any{"metaList": answer.Body.MetaList, "dataList": answer.Body.DataList}, nil
	case "week":
		headers := &datacenter.QueryYydLogWeekStatisticalDataHeaders{CommonHeaders: common, XAcsDingtalkAccessToken: p.token}
		request := &datacenter.QueryYydLogWeekStatisticalDataRequest{StatDate: p.date}
		answer, err := p.dataCenter.QueryYydLogWeekStatisticalDataWithOptions(request, headers, p.runtime)
		if err != nil {
			return nil, err
		}
		return map[string]any{"metaList": answer.Body.MetaList, "dataList": answer.Body.DataList}, nil
	case "month":
		headers := &datacenter.QueryYydLogMonthStatisticalDataHeaders{CommonHeaders: common, XAcsDingtalkAccessToken: p.token}
		request := &datacenter.QueryYydLogMonthStatisticalDataRequest{StatDate: p.date}
		answer, err := p.dataCenter.QueryYydLogMonthStatisticalDataWithOptions(request, headers, p.runtime)
		if err != nil {
			return nil, err
		}
		return map[string]any{"metaList": answer.Body.MetaList, "dataList": answer.Body.DataList}, nil
	case "departments":
		headers := &exclusive.GetDingReportDeptSummaryHeaders{CommonHeaders: common, XAcsDingtalkAccessToken: p.token}
		request := &exclusive.GetDingReportDeptSummaryRequest{NextToken: number(p.nextToken), MaxResults: number(p.maxResults)}
		answer, err := p.exclusive.GetDingReportDeptSummaryWithOptions(p.date, request, headers, p.runtime)
		if err != nil {
			return nil, err
		}
		body := answer.Body
		return map[string]any{"data": body.Data, "nextToken": body.NextToken, "hasMore": body.HasMore}, nil
	case "organisation":
		headers := &exclusive.GetDingReportSummaryHeaders{CommonHeaders: common, XAcsDingtalkAccessToken: p.token}
		answer, err := p.exclusive.GetDingReportSummaryWithOptions(p.date, headers, p.runtime)
		if err != nil {
			return nil, err
		}
		return answer.Body, nil
	}
	headers := &datacenter.QueryReportStatisticalDataHeaders{CommonHeaders: common, XAcsDingtalkAccessToken: p.token}
	request := &datacenter.QueryReportStatisticalDataRequest{StatDate: p.date}
	answer, err := p.dataCenter.QueryReportStatisticalDataWithOptions(request, headers, p.runtime)
	if err != nil {
		return nil, err
	}
	return map[string]any{"metaList": answer.Body.MetaList, "dataList": answer.Body.DataList}, nil
}

// named makes a call of the catalogue by its own name, like QueryMailStatisticalData.
func (p *program) named(common map[string]*string) (any, error) {
	method := reflect.ValueOf(p.dataCenter).MethodByName(p.called + "WithOptions")
	given := []reflect.Value{}
	for at := range 2 {
		model := reflect.New(method.Type().In(at).Elem())
		for name, value := range map[string]any{
			"StatDate": p.date, "CommonHeaders": common, "XAcsDingtalkAccessToken": p.token,
		} {
			if field := model.Elem().FieldByName(name); field.IsValid() {
				field.Set(reflect.ValueOf(value))
			}
		}
		given = append(given, model)
	}
	answer := method.Call(append(given, reflect.ValueOf(p.runtime)))
	if err, failed := answer[1].Interface().(error); failed {
		return nil, err
	}
	body := answer[0].Elem().FieldByName("Body").Elem()
	lists := map[string]any{}
	for name, field := range map[string]string{"metaList": "MetaList", "dataList": "DataList"} {
		lists[name] = body.FieldByName(field).Interface()
	}
	return lists, nil
}

func number(text *string) *int64 {
	if text == nil {
		return nil
	}
	value, err := strconv.ParseInt(*text, 10, 64)
	exitOn(err)
	return &value
}

func (p *program) renew() error {
	request := &oauth2.GetAccessTokenRequest{AppKey: p.key, AppSecret: p.secret}
	answer, err := p.oauth2.GetAccessTokenWithOptions(request, map[string]*string{}, p.runtime)
	if err == nil {
		p.token = answer.Body.AccessToken
	}
	return err
}

func described(err *tea.SDKError) map[string]any {
	shown := map[string]any{"code": err.Code, "message": err.Message, "statusCode": err.StatusCode}
	if err.AccessDeniedDetail != nil {
		shown["accessDeniedDetail"] = err.AccessDeniedDetail
	}
	return shown
}

func main() {
	p := &program{runtime: &util.RuntimeOptions{}}
	config := &openapi.Config{}
	var ca, paths *string // paths are of no use here: the SDK knows them
	for name, place := range map[string]**string{
		"endpoint": &config.Endpoint, "protocol": &config.Protocol, "key": &p.key, "secret": &p.secret,
		"token": &p.token, "date": &p.date, "client-token": &p.clientToken, "ca": &ca,
		"paths": &paths, "call": &p.call, "partial": &p.partial, "next-token": &p.nextToken, "max-results": &p.maxResults,
	} {
		flag.Func(name, "", func(text string) error { *place = &text; return nil })
	}
	calls := flag.Int("calls", 1, "")
	pause := flag.Float64("pause", 0, "seconds between calls")
	flag.Parse()

	var err error
	if ca != nil {
		text, err := os.ReadFile(*ca)
		exitOn(err)
		p.runtime.Ca = tea.String(string(text))
	}
	p.dataCenter, err = datacenter.NewClient(config)
	exitOn(err)
	p.oauth2, err = oauth2.NewClient(config)
	exitOn(err)
	p.exclusive, err = exclusive.NewClient(config)
	exitOn(err)

	lines := json.NewEncoder(os.Stdout)
	all := []string{"report"}
	if p.call != nil {
		all = strings.Split(*p.call, ",")
	}
	for number := range *calls * len(all) {
		p.called = all[number%len(all)]
		if number > 0 {
			time.Sleep(time.Duration(*pause * float64(time.Second)))
		}
		found, err := p.report()
		var answered *tea.SDKError
		if errors.As(err, &answered) {
			found, err = described(answered), nil
		}
		exitOn(err)
		exitOn(lines.Encode(found))
	}
}

func exitOn(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
