"""The contract of DingTalk's 数据服务目录 services, as a closed package: `README.md` says what is answered when."""
