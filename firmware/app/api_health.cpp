// What load balancers, supervisors and dashboards ask.
#include <string>

#include "app/api.hpp"
#include "platform/metrics.hpp"

namespace storegate::app {

void Api::healthz(Visit& visit) {
  codec::HttpReply reply;
  reply.body = R"({"status":"pass"})";
  answer(visit, std::move(reply));
}

void Api::readyz(Visit& visit) {
  bool ready = true;
  std::string checks;
  for (const Check& check : parts_.readiness()) {
    if (check.counts && !check.passes) ready = false;
    if (!checks.empty()) checks += ',';
    checks += '"';
    checks += check.name;
    checks += check.passes ? R"(":"pass")" : R"(":"fail")";
  }
  codec::HttpReply reply;
  reply.status = ready ? 200 : 503;
  reply.body = std::string(R"({"ready":)") + (ready ? "true" : "false") + R"(,"checks":{)" + checks + "}}";
  answer(visit, std::move(reply));
}

void Api::metrics(Visit& visit) {
  codec::HttpReply reply;
  reply.content_type = platform::Metrics::content_type;
  reply.body = parts_.gauges.write();
  answer(visit, std::move(reply));
}

}  // namespace storegate::app
