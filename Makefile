# Every target sets up what it needs in .venv by itself; only Python 3.11 or newer and make must be there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# One more than there are cores: many tests wait for processes and clocks.
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
# Some machines say that no bytecode is to be written; then every process of every test would compile what it runs.
export PYTHONDONTWRITEBYTECODE :=

# What is said, in English or, where the locale is Chinese, in Chinese.
CHINESE := $(filter zh zh_% zh-%,$(firstword $(LC_ALL) $(LC_MESSAGES) $(LANG)))
said = $(if $(CHINESE),$(2),$(1))

# What tests are run: TESTS are paths, all by default. `.ci/run` relies on TEST being all but what is slow or on Spark.
QUICK := not slow and not whole and not postgres and not spark and not s3 and not tool and not browser
TEST := not slow and not spark and not browser
TESTS :=
TOGETHER := --numprocesses=$(WORKERS) --dist=loadgroup --no-loadscope-reorder
PYTEST := $(BIN)/python -m pytest $(TOGETHER)

.PHONY: run quick test test-all coverage check check-pages conformance bench bench-collector site dist clean help
.DEFAULT_GOAL := help

help: ## Say what can be done. ## 列出能做什么。
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\) ## \(.*\)/make \1  $(call said,\2,\3)/p' $(MAKEFILE_LIST)

run: $(VENV)/run.done ## Serve the numbers of a made-up organisation, and say what to do next. ## 提供一个示例企业的数字，并说明接下来做什么。
	@$(BIN)/reportdata demo $(ARGS)

quick: $(VENV)/dev.done ## Run the tests of a daily loop, or those of a path: TESTS=tests/store. ## 运行日常开发用的测试，或某个路径的测试：TESTS=tests/store。
	@REPORTDATA_TESTS_QUICK=1 $(PYTEST) -m "$(QUICK)" $(ARGS) $(TESTS)

test: $(VENV)/dev.done ## Run the tests but those that take long, or need Spark or a browser. ## 运行测试，耗时较长、需要 Spark 或浏览器的除外。
	@$(PYTEST) -m "$(TEST)" $(ARGS) $(TESTS)

test-all: $(VENV)/spark.done $(VENV)/browser.done ## Run all tests. ## 运行全部测试。
	@$(PYTEST) $(ARGS) $(TESTS)

coverage: $(VENV)/$(if $(TESTS),dev,spark).done ## Run all tests, or those of TESTS, and say how much of the source they execute. ## 运行全部测试或 TESTS 指定的测试，并说明执行了多少源代码。
	@rm -rf .coverage
	@failed=0; $(BIN)/coverage run -m pytest $(TOGETHER) $(ARGS) $(TESTS) || failed=$$?; \
	  $(BIN)/coverage combine --quiet && $(BIN)/python -m tests.support.covered && exit $$failed

dist: $(VENV)/dev.done ## Build wheel, sdist and bill of materials into dist, the same bytes each time. ## 在 dist 中构建 wheel、sdist 和物料清单，每次的内容完全相同。
	@$(BIN)/python requirements/dist

check: $(VENV)/dev.done ## Check format, lint, types, the import rule and the dependencies. ## 检查格式、写法、类型、导入规则和依赖。
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest --quiet tests/test_import_rule.py
	@$(BIN)/python requirements/audit
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory check-pages; \
	  else echo "$(call said,npm is not installed: the pages are not checked,没有安装 npm：不检查网页)"; fi

check-pages: requirements/web/node_modules/.done ## Check the types and the style of the pages. ## 检查网页的类型和写法。
	@requirements/web/node_modules/.bin/tsc --project requirements/web
	@requirements/web/node_modules/.bin/biome lint --config-path=requirements/web --error-on-warnings src/reportdata/web/static

conformance: $(VENV)/dev.done ## Run DingTalk's official SDKs, language by language, against the real server. ## 逐个语言运行钉钉官方 SDK，访问真实的服务。
	@$(BIN)/python -m conformance $(ARGS)

bench: $(VENV)/bench.done ## Measure, side by side with peers and the bare limit. ## 测量性能，与同类程序和理论极限对照。
	@$(BIN)/python -m benchmarks $(ARGS)

bench-collector: $(VENV)/bench.done ## Collect months from the offline DingTalk: calls and errors, beside a plain poller. ## 从离线钉钉采集几个月：调用次数和误差，与普通的轮询程序对照。
	@$(BIN)/python -m benchmarks.collector $(ARGS)

site: $(VENV)/site.done ## Make a site of the documents, with search in both languages, and check its links. ## 生成文档网站，可用两种语言搜索，并检查链接。
	@$(BIN)/python -m website

clean: ## Remove what the other targets made. ## 删除其他目标生成的内容。
	rm -rf $(VENV) dist site .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/sdks/node/node_modules \
	  conformance/*/build conformance/node/node_modules requirements/web/node_modules

$(VENV)/python.done:
	@$(PYTHON) -c 'import sys; sys.exit("$(call said,Python 3.11 or newer is needed: this is,需要 Python 3.11 或更高版本；当前是) " + sys.version) if sys.version_info < (3, 11) else None'
	@echo "$(call said,Setting up $(VENV) …,正在建立 $(VENV)……)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# Spark's package comes as source alone: it is built with what is pinned in dev.txt.
$(VENV)/spark.done: requirements/spark.txt $(VENV)/dev.done
	@echo "$(call said,Installing Spark …,正在安装 Spark……)"
	@$(PIP) install --no-build-isolation --require-hashes --requirement $<
	@touch $@

requirements/web/node_modules/.done: requirements/web/package-lock.json
	@echo "$(call said,Installing what checks the pages …,正在安装检查网页所需的软件包……)"
	@npm --prefix requirements/web ci --ignore-scripts --silent
	@touch $@

$(VENV)/browser.done: requirements/browser.txt $(VENV)/dev.done
	@echo "$(call said,Installing what drives a browser …,正在安装驱动浏览器所需的软件包……)"
	@$(PIP) install --require-hashes --requirement $<
	@touch $@

$(VENV)/site.done: requirements/site.txt $(VENV)/dev.done
	@echo "$(call said,Installing what makes the site …,正在安装生成网站所需的软件包……)"
	@$(PIP) install --require-hashes --requirement $<
	@touch $@

$(VENV)/%.done: requirements/%.txt pyproject.toml $(VENV)/python.done
	@echo "$(call said,Installing what $* needs …,正在安装 $* 所需的软件包……)"
	@$(PIP) install --require-hashes --requirement $<
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
