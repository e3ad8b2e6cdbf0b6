// PartnerApi: a delivery partner's API behind TLS, in a thread of its own: gives tokens for client credentials, asks for
// one with everything else, answers as it was told to, and remembers what it was asked. Knows no partner's format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "platform/http_server.hpp"
#include "platform/loop.hpp"
#include "platform/tls_context.hpp"

namespace storegate::tests {

struct ApiAsked {
  std::string method;
  std::string target;
  std::string authorization;
  std::string body;
};

class PartnerApi {
 public:
  /// Certificate and key are files in PEM, for "localhost".
  PartnerApi(const std::string& certificate, const std::string& key);
  ~PartnerApi();
  PartnerApi(const PartnerApi&) = delete;
  PartnerApi& operator=(const PartnerApi&) = delete;

  /// "https://localhost:PORT"
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

  /// What a request for this target gets from now on; 404 where nothing was said.
  void answer(const std::string& method, const std::string& target, int status, std::string body);
  /// 503 for everything but tokens.
  void set_busy(bool busy);
  /// No token that was given counts any more.
  void forget_tokens();

  [[nodiscard]] std::size_t tokens_given() const;
  /// What was asked with a token that counts, oldest first; tokens themselves are not among it.
  [[nodiscard]] std::vector<ApiAsked> asked(const std::string& method, const std::string& target) const;

 private:
  void handle(platform::HttpRequest request, platform::Responder responder);
  [[nodiscard]] platform::HttpResponse reply_to(const platform::HttpRequest& request);

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::pair<int, std::string>> answers_;
  std::vector<ApiAsked> asked_;
  std::size_t tokens_given_ = 0;
  std::size_t tokens_void_ = 0;  // the first so many
  bool busy_ = false;
  std::string url_;

  platform::Loop loop_;
  std::unique_ptr<platform::HttpServer> server_;
  std::thread thread_;
};

}  // namespace storegate::tests
