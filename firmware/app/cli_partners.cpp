// The partners' commands: the register as a table, and one webhook tried without a service.
#include "app/cli_partners.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <variant>

#include "app/cli_format.hpp"
#include "app/config.hpp"
#include "app/config_files.hpp"
#include "app/webhooks.hpp"
#include "codec/answers.hpp"
#include "codec/partners/partner_api.hpp"
#include "codec/text.hpp"
#include "platform/clock.hpp"

namespace storegate::app {
namespace {

constexpr std::size_t webhook_bytes_max = 16U * 1024 * 1024;

/// The partner that a webhook is tried as: of the configuration, or of its name alone.
core::Result<PartnerConfig> partner_named(const CliRequest& request) {
  PartnerConfig partner;
  partner.name = request.partner;
  partner.codec = codec::partner_codec(request.partner);
  if (request.config.empty()) {
    if (partner.codec != nullptr && partner.codec->name() == "generic") partner.scheme.emplace();
    if (partner.codec != nullptr) return partner;
    return core::Error{core::ErrorCode::not_found,
                       "there is no partner of this name; `storegate partners` lists them, and "
                       "--config FILE knows those of a configuration"};
  }
  const ConfigReading reading = load_config(request.config);
  if (!reading.config)
    return core::Error{core::ErrorCode::invalid,
                       request.config + " cannot be used; see storegate check-config"};
  for (const PartnerConfig& configured : reading.config->partners)
    if (configured.name == request.partner && configured.codec != nullptr) return configured;
  return core::Error{core::ErrorCode::not_found,
                     request.config + " has no partner of this name with a webhook"};
}

core::Result<std::monostate> add_secret(const CliRequest& request, PartnerConfig& partner) {
  if (request.secret_file.empty()) return std::monostate{};
  auto secret = read_secret(request.secret_file);
  if (!secret) return secret.error();
  partner.secrets.push_back(std::move(secret).value());
  return std::monostate{};
}

void add_headers(const CliRequest& request, SavedWebhook& saved) {
  for (const std::string& line : request.headers) {
    const auto colon = std::min(line.find(':'), line.size());
    const auto value = std::string_view(line).substr(std::min(colon + 1, line.size()));
    saved.headers.emplace_back(line.substr(0, colon), codec::trimmed(value));
  }
}

std::string_view name_of(codec::WebhookKind kind) {
  switch (kind) {
    case codec::WebhookKind::order: return "order";
    case codec::WebhookKind::cancel: return "cancel";
    case codec::WebhookKind::release: return "release";
  }
  return "order";
}

std::string text_of(const core::OrderRef& ref) {
  if (const auto* pair = std::get_if<std::pair<std::string, std::string>>(&ref.by))
    return pair->first + " " + pair->second;
  return std::holds_alternative<core::ReleaseToken>(ref.by) ? "the order with this release token"
                                                            : "the order with this id";
}

void print_refs(std::ostream& out, std::string_view what, const std::vector<core::OrderRef>& refs) {
  for (const core::OrderRef& ref : refs) out << what << " " << printable(text_of(ref)) << "\n";
}

void print(std::ostream& out, const codec::Webhook& webhook) {
  if (const auto* order = std::get_if<codec::OrderReceived>(&webhook)) {
    out << indented(order->decoded.body.canonical) << "\n";
    if (order->released) out << "and releases it, known or new\n";
  } else if (const auto* announced = std::get_if<codec::OrderAnnounced>(&webhook)) {
    out << (announced->is_new ? "announces order " : "tells news of order ")
        << printable(announced->partner_order_id) << ", to be fetched "
        << (announced->href.empty() ? "by its id" : "from " + printable(announced->href)) << "\n";
  } else if (const auto* released = std::get_if<codec::ReleaseReceived>(&webhook)) {
    print_refs(out, "releases", released->orders);
  } else if (const auto* cancelled = std::get_if<codec::CancelReceived>(&webhook)) {
    print_refs(out, "cancels", cancelled->orders);
    if (!cancelled->text.empty()) out << "because: " << printable(cancelled->text) << "\n";
  } else if (const auto* called = std::get_if<codec::PersonCalled>(&webhook)) {
    print_refs(out,
               called->untold == core::Notice::accepted ? "has a person key in, so parks if it waits here,"
                                                        : "did not take our word on, so tells a person of,",
               called->orders);
  } else if (const auto* asked = std::get_if<codec::RegistrationAsked>(&webhook)) {
    out << "asks for the webhook's address, and hears " << printable(asked->answer) << "\n";
  } else {
    out << "asks for nothing: it is thanked for and forgotten\n";
  }
}

ExitStatus print_problem(std::ostream& err, const PartnerConfig& partner, const codec::Problem& problem) {
  err << "not understood, answered " << partner.codec->refusal(problem).status << ": "
      << printable(problem.text()) << "\n";
  return ExitStatus::refused;
}

/// An order as a partner's API gave it, from a file.
ExitStatus try_fetched(const PartnerConfig& partner, std::string_view body, CliWorld& world) {
  const codec::PartnerApi* api = partner.codec->api();
  if (api == nullptr || !api->fetches()) {
    world.err << "this partner's orders come whole and are not fetched\n";
    return ExitStatus::refused;
  }
  codec::ApiStore store;
  if (partner.api) store = {partner.api->store_id, partner.api->merchant_id};
  const auto fetched = api->read_fetched(body, partner.name, store);
  if (!fetched) {
    world.err << "not understood: " << printable(fetched.problem().text()) << "\n";
    return ExitStatus::refused;
  }
  if (fetched->other_store) {
    world.err << "it is of another store, and rejected\n";
    return ExitStatus::refused;
  }
  const std::string& canonical = fetched->decoded.body.canonical;
  if (!canonical.empty()) world.out << indented(canonical) << "\n";
  if (fetched->released) world.out << "and releases it, known or new\n";
  if (fetched->cancelled) world.out << "it is cancelled, and not to be cooked\n";
  if (fetched->early) world.out << "it is no order yet: it is asked for again\n";
  if (fetched->over) world.out << "it has come to its end: a new one is not to be cooked\n";
  return ExitStatus::done;
}

bool authenticate(const CliRequest& request, const PartnerConfig& partner, const codec::Delivery& delivery,
                  CliWorld& world) {
  if (request.is_unsigned) return true;
  if (partner.codec->authenticate(delivery)) {
    world.out << "authentication: passes\n";
    return true;
  }
  world.err << "authentication: fails, answered 401; "
            << (partner.secrets.empty() ? "no secret is given (--secret-file, or --config)"
                                        : "the signature is missing, wrong, or made with another secret")
            << "\n";
  return false;
}

/// What a partner whose order came whole would hear if it did not go well.
void print_other_answers(std::ostream& out, const PartnerConfig& partner,
                         const codec::WebhookSubject& subject) {
  core::Answer rejected;
  rejected.kind = core::AnswerKind::created;
  rejected.order.emplace().phase = core::Phase::rejected;
  core::Answer conflict;
  conflict.kind = core::AnswerKind::conflict;
  conflict.order.emplace();
  out << "answered " << partner.codec->answer(subject, rejected).status << " if the store rejects it, "
      << partner.codec->answer(subject, conflict).status << " if it is here with other contents\n";
}

ExitStatus try_delivery(const CliRequest& request, const PartnerConfig& partner,
                        const codec::Delivery& delivery, CliWorld& world) {
  const bool authentic = authenticate(request, partner, delivery, world);
  const auto fixed = codec::webhook_kind_from(request.kind);
  const auto webhook = partner.codec->read(delivery, fixed);
  if (!webhook) return print_problem(world.err, partner, webhook.problem());
  const auto kind = codec::kind_of(*webhook);
  core::Answer answer;
  answer.kind = core::AnswerKind::created;
  const bool is_nothing = std::holds_alternative<codec::NothingReceived>(*webhook);
  const auto subject = codec::subject_of(*webhook);
  const bool is_stored = !is_nothing && !std::holds_alternative<codec::RegistrationAsked>(*webhook);
  world.out << "kind: " << (is_nothing ? "nothing" : name_of(kind)) << ", answered "
            << partner.codec->answer(subject, answer).status << (is_stored ? " once it is stored\n" : "\n");
  if (std::holds_alternative<codec::OrderReceived>(*webhook))
    print_other_answers(world.out, partner, subject);
  print(world.out, *webhook);
  return authentic ? ExitStatus::done : ExitStatus::refused;
}

ExitStatus bad_usage(const core::Error& error, CliWorld& world) {
  world.err << "storegate: " << printable(error.context) << "\n";
  return ExitStatus::bad_usage;
}

}  // namespace

SavedWebhook read_saved(std::string_view file) {
  SavedWebhook saved;
  const auto first_end = file.find('\n');
  const std::string_view first = file.substr(0, first_end);
  if (first.find(" HTTP/") == std::string_view::npos || first_end == std::string_view::npos) {
    saved.body = file;
    return saved;
  }
  file.remove_prefix(first_end + 1);
  while (!file.empty()) {
    const auto end = std::min(file.find('\n'), file.size());
    std::string_view line = file.substr(0, end);
    file.remove_prefix(std::min(end + 1, file.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    const auto colon = std::min(line.find(':'), line.size());
    saved.headers.emplace_back(line.substr(0, colon),
                               codec::trimmed(line.substr(std::min(colon + 1, line.size()))));
  }
  saved.body = file;
  return saved;
}

std::string indented(std::string_view json) {
  std::string out;
  std::size_t level = 0;
  bool in_text = false;
  const auto new_line = [&] { out.append("\n").append(level * 2, ' '); };
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (in_text || c == '"') {
      out += c;
      if (c == '\\' && in_text && at + 1 < json.size())
        out += json[++at];
      else if (c == '"')
        in_text = !in_text;
      continue;
    }
    const bool opens = c == '{' || c == '[';
    const bool closes = c == '}' || c == ']';
    const bool is_empty = opens && at + 1 < json.size() && (json[at + 1] == '}' || json[at + 1] == ']');
    if (closes && level > 0) --level, new_line();
    out += c;
    if (is_empty)
      out += json[++at];
    else if (opens)
      ++level, new_line();
    else if (c == ',')
      new_line();
    else if (c == ':')
      out += ' ';
  }
  return out;
}

ExitStatus list_partners(CliWorld& world) {
  world.out << std::left << std::setw(15) << "name" << std::setw(46) << "webhooks are known by"
            << "orders\n";
  for (const codec::PartnerCodec* codec : codec::partner_codecs()) {
    const codec::PartnerSummary summary = codec::summary_of(codec->name());
    world.out << std::setw(15) << codec->name() << std::setw(46) << summary.authentication << summary.orders
              << "\n";
  }
  world.out << "\nAny other name: canonical orders only (POST /v1/orders, MQTT), or a webhook with codec = "
               "\"generic\".\n";
  return ExitStatus::done;
}

ExitStatus try_webhook(const CliRequest& request, CliWorld& world) {
  auto partner = partner_named(request);
  if (!partner) return bad_usage(partner.error(), world);
  if (const auto added = add_secret(request, *partner); !added) return bad_usage(added.error(), world);
  const auto file = read_whole(request.file, webhook_bytes_max);
  if (!file) return bad_usage(file.error(), world);
  SavedWebhook saved = read_saved(*file);
  add_headers(request, saved);
  if (request.is_fetched) return try_fetched(*partner, saved.body, world);
  std::vector<codec::HeaderView> headers;
  for (const auto& [name, value] : saved.headers) headers.push_back({name, value});
  core::Now now;
  now.wall_ms = world.wall_ms();
  now.wall_trusted = now.wall_ms >= platform::wall_floor_ms;
  const WebhookPartner webhook{partner->codec, &*partner};
  return try_delivery(request, *partner, delivery_of(webhook, headers, saved.body, now), world);
}

}  // namespace storegate::app
