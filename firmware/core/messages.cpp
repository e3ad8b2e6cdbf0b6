// Names of events, and details packed into one string: type letter, lengths, bytes.
#include "core/messages.hpp"

#include <array>
#include <charconv>

namespace storegate::core {

namespace {

constexpr std::array<std::string_view, event_type_count> event_names{"order.accepted",
                                                                     "order.rejected",
                                                                     "order.released",
                                                                     "order.placed",
                                                                     "order.ready",
                                                                     "order.completed",
                                                                     "order.cancelled",
                                                                     "order.cancel_refused",
                                                                     "order.expired",
                                                                     "order.parked",
                                                                     "order.resolved",
                                                                     "item.availability_changed",
                                                                     "store.status_changed",
                                                                     "gateway.started",
                                                                     "gateway.snapshot_requested",
                                                                     "gateway.message_refused",
                                                                     "gateway.alarm_raised",
                                                                     "gateway.alarm_cleared",
                                                                     "gateway.partner_untold"};

void append_text(std::string& packed, std::string_view text) {
  packed += std::to_string(text.size());
  packed += ':';
  packed += text;
}

void append_value(std::string& packed, const DetailValue& value) {
  if (std::holds_alternative<std::nullptr_t>(value)) {
    packed += 'n';
  } else if (const bool* flag = std::get_if<bool>(&value)) {
    packed += *flag ? 't' : 'f';
  } else if (const std::int64_t* number = std::get_if<std::int64_t>(&value)) {
    packed += 'i';
    append_text(packed, std::to_string(*number));
  } else {
    packed += 's';
    append_text(packed, std::get<std::string>(value));
  }
}

std::optional<std::string> take_text(std::string_view& rest) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
  if (error != std::errc{}) return {};
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  if (rest.empty() || rest.front() != ':' || rest.size() - 1 < size) return {};
  std::string text(rest.substr(1, size));
  rest.remove_prefix(size + 1);
  return text;
}

std::optional<DetailValue> take_value(std::string_view& rest) {
  if (rest.empty()) return {};
  const char type = rest.front();
  rest.remove_prefix(1);
  if (type == 'n') return DetailValue{nullptr};
  if (type == 't' || type == 'f') return DetailValue{type == 't'};
  if (type != 'i' && type != 's') return {};
  auto text = take_text(rest);
  if (!text) return {};
  if (type == 's') return DetailValue{std::move(*text)};
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size()) return {};
  return DetailValue{number};
}

}  // namespace

std::string_view name_of(EventType type) noexcept { return event_names[static_cast<std::size_t>(type)]; }

std::string pack(const Details& details) {
  std::string packed;
  for (const auto& [name, value] : details) {
    append_text(packed, name);
    append_value(packed, value);
  }
  return packed;
}

std::optional<Details> unpack(std::string_view packed) {
  Details details;
  while (!packed.empty()) {
    auto name = take_text(packed);
    if (!name) return {};
    auto value = take_value(packed);
    if (!value) return {};
    details.emplace_back(std::move(*name), std::move(*value));
  }
  return details;
}

}  // namespace storegate::core
