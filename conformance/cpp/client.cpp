// The calls with libcurl, as there is no public C++ SDK: a line of JSON for every call.
#include <curl/curl.h>

#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using Json = nlohmann::json;

struct AnswerError : std::runtime_error {
  AnswerError(long status_code, Json answer_body)
      : std::runtime_error(answer_body.at("message")), status(status_code), body(std::move(answer_body)) {}
  std::string code() const { return body.at("code"); }
  // As the official SDKs put it.
  Json described() const {
    const std::string request_id = body.at("requestid");
    Json shown = {{"code", code()},
                  {"message", "code: " + std::to_string(status) + ", " + what() + " request id: " + request_id},
                  {"statusCode", status}};
    if (body.contains("accessdenieddetail")) shown["accessDeniedDetail"] = body["accessdenieddetail"];
    return shown;
  }
  long status;
  Json body;
};

class Client {
 public:
  explicit Client(std::map<std::string, std::string> arguments)
      : given(std::move(arguments)), curl(curl_easy_init(), curl_easy_cleanup) {
    if (!curl) throw std::runtime_error("libcurl cannot be set up");
  }

  // What is called: a word, or a path of the catalogue.
  std::string called = "report", own_path;

  // What the call answers, with a new token if there was none or it has expired.
  Json report() {
    if (!given.count("key")) return query();
    if (!given.count("token")) renew();
    try {
      return query();
    } catch (const AnswerError& error) {
      if (error.code() != "InvalidAuthentication") throw;
    }
    renew();
    return query();
  }

 private:
  Json query() {
    std::vector<std::string> headers;
    if (given.count("token")) headers.push_back("x-acs-dingtalk-access-token: " + given["token"]);
    if (given.count("client-token")) headers.push_back("x-client-token: " + given["client-token"]);
    if (given.count("partial")) headers.push_back("x-reportdata-partial: " + given["partial"]);
    if (called == "organisation")
      return call("/v1.0/exclusive/datas/" + escaped("date") + "/reports/organizations", headers, nullptr);
    if (called == "departments") {
      std::string path = "/v1.0/exclusive/data/report/dept/" + escaped("date");
      char mark = '?';
      for (const auto& [parameter, name] : {std::pair("nextToken", "next-token"), std::pair("maxResults", "max-results")})
        if (given.count(name)) path += std::string(1, std::exchange(mark, '&')) + parameter + "=" + given[name];
      return call(path, headers, nullptr);
    }
    static const std::map<std::string, std::string> paths{
        {"report", "reportData"}, {"day", "yydLogDayDatas"}, {"week", "yydLogWeekDatas"}, {"month", "yydLogMonthDatas"}};
    std::string path = own_path.empty() ? "/v1.0/datacenter/" + paths.at(called) : own_path;
    if (given.count("date")) path += "?statDate=" + escaped("date");
    return call(path, headers, nullptr);
  }

  std::string escaped(const char* name) {
    const std::string& text = given[name];
    char* found = curl_easy_escape(curl.get(), text.data(), static_cast<int>(text.size()));
    std::string kept(found);
    curl_free(found);
    return kept;
  }

  void renew() {
    const std::string body = Json{{"appKey", given["key"]}, {"appSecret", given["secret"]}}.dump();
    given["token"] = call("/v1.0/oauth2/accessToken", {"Content-Type: application/json"}, &body).at("accessToken");
  }

  Json call(const std::string& path, const std::vector<std::string>& headers, const std::string* body) {
    CURL* handle = curl.get();
    curl_easy_reset(handle);  // options only: the connection stays
    const std::string url = given.at("protocol") + "://" + given.at("endpoint") + path;
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
    if (given.count("ca")) curl_easy_setopt(handle, CURLOPT_CAINFO, given["ca"].c_str());
    if (body) curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body->c_str());
    curl_slist* list = nullptr;
    for (const auto& header : headers) list = curl_slist_append(list, header.c_str());
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> kept(list, curl_slist_free_all);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
    std::string answer;
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, append);
    if (const CURLcode failed = curl_easy_perform(handle)) throw std::runtime_error(curl_easy_strerror(failed));
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    Json parsed = Json::parse(answer);
    if (status >= 400) throw AnswerError(status, std::move(parsed));
    return parsed;
  }

  static std::size_t append(char* data, std::size_t, std::size_t length, void* answer) {
    static_cast<std::string*>(answer)->append(data, length);
    return length;
  }

  std::map<std::string, std::string> given;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl;
};

static std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) found.push_back(part);
  return found;
}

int main(int count, char** arguments) {
  std::map<std::string, std::string> given{{"calls", "1"}, {"pause", "0"}, {"call", "report"}};
  for (int at = 1; at + 1 < count; at += 2) given[std::string(arguments[at]).substr(2)] = arguments[at + 1];
  const std::chrono::duration<double> pause(std::stod(given["pause"]));
  const std::vector<std::string> all = listed(given["call"]), paths = listed(given["paths"]);
  const std::size_t calls = std::stoul(given["calls"]) * all.size();
  Client client(std::move(given));
  for (std::size_t number = 0; number < calls; ++number) {
    client.called = all[number % all.size()];
    client.own_path = paths.empty() ? "" : paths[number % paths.size()];
    if (number) std::this_thread::sleep_for(pause);
    Json found;
    try {
      found = client.report();
    } catch (const AnswerError& error) {
      found = error.described();
    }
    std::cout << found.dump() << std::endl;
  }
}
