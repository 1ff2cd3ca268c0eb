"""The lines that docs/clients.md changes, as in DingTalk's sample program, and little else."""
# fmt: off
# ruff: noqa: ARG004, E501

import sys

from alibabacloud_dingtalk.datacenter_1_0 import models as dingtalkdatacenter__1__0_models
from alibabacloud_dingtalk.datacenter_1_0.client import Client
from alibabacloud_tea_openapi import models as open_api_models
from alibabacloud_tea_util import models as util_models


class Sample:
    @staticmethod
    def create_client() -> Client:
        config = open_api_models.Config()
        config.protocol = 'https'
        return Client(config)

    @staticmethod
    def main(args: list[str]) -> None:
        client = Sample.create_client()
        query_report_statistical_data_headers = dingtalkdatacenter__1__0_models.QueryReportStatisticalDataHeaders()
        query_report_statistical_data_headers.x_acs_dingtalk_access_token = '<your access token>'
        query_report_statistical_data_request = dingtalkdatacenter__1__0_models.QueryReportStatisticalDataRequest('20210620')
        try:
            client.query_report_statistical_data_with_options(query_report_statistical_data_request, query_report_statistical_data_headers, util_models.RuntimeOptions())
        except Exception as err:
            del err

    @staticmethod
    async def main_async(args: list[str]) -> None:
        client = Sample.create_client()
        query_report_statistical_data_headers = dingtalkdatacenter__1__0_models.QueryReportStatisticalDataHeaders()
        query_report_statistical_data_headers.x_acs_dingtalk_access_token = '<your access token>'
        query_report_statistical_data_request = dingtalkdatacenter__1__0_models.QueryReportStatisticalDataRequest('20210620')
        try:
            await client.query_report_statistical_data_with_options_async(query_report_statistical_data_request, query_report_statistical_data_headers, util_models.RuntimeOptions())
        except Exception as err:
            del err


if __name__ == "__main__":
    Sample.main(sys.argv[1:])
