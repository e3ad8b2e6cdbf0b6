// What the two tests of the POS double share: its wire, spoken by hand.
#pragma once

#include <string>

#include "tests/support/http_caller.hpp"
#include "tests/support/http_text.hpp"
#include "tests/support/json_text.hpp"
#include "tests/support/pos_double_process.hpp"

namespace storegate::support {

inline std::string pos_order(const std::string& key, const std::string& more = {}) {
  return R"({"partner":"kiosk","partner_order_id":"K-1","reference":)" + json_text(key) +
         R"(,"display_code":"7F3K","items":[{"id":"taco-01","quantity":1,"unit_price":199}])" + more + "}";
}

inline HttpAnswer place(HttpCaller& caller, const std::string& key, const std::string& more = {}) {
  return caller.post("/orders", pos_order(key, more), {{"Idempotency-Key", key}});
}

/// One order on a connection of its own.
inline HttpAnswer place(PosDouble& pos, const std::string& key,
                        std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
  HttpCaller caller(pos.url(), deadline);
  return place(caller, key);
}

inline HttpAnswer query(PosDouble& pos, const std::string& key) {
  HttpCaller caller(pos.url());
  return caller.get("/orders?reference=" + percent_encode(key));
}

}  // namespace storegate::support
