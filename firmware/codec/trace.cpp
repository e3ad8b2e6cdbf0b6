// Trace context of events. The span ids are drawn by a fixed mixing function, not by chance: a replayed event must
// carry the ids it had.
#include "codec/trace.hpp"

#include <algorithm>

namespace storegate::codec {

namespace {

constexpr std::size_t version_00_size = 55;  // 00-<32>-<16>-<2>
constexpr std::size_t trace_at = 3;
constexpr std::size_t span_at = 36;
constexpr std::size_t flags_at = 53;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '0'; });
}

/// Spreads each bit of `value` over all 64 (the finalizer of SplitMix64); never 0, which would be no id.
std::uint64_t spread(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ value >> 30U) * 0xbf58476d1ce4e5b9U;
  value = (value ^ value >> 27U) * 0x94d049bb133111ebU;
  value ^= value >> 31U;
  return value == 0 ? 1 : value;
}

std::uint64_t number_of_text(std::string_view text) {
  std::uint64_t number = 0xcbf29ce484222325U;
  for (const char c : text) number = (number ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return number;
}

void append_hex(std::string& out, std::uint64_t value) {
  static constexpr char hex[] = "0123456789abcdef";
  for (unsigned shift = 64; shift != 0;) out += hex[value >> (shift -= 4) & 0xfU];
}

void append_hex(std::string& out, const core::OrderId& id) {
  out += core::hex_of(id.bytes.data(), id.bytes.size());
}

}  // namespace

bool is_traceparent(std::string_view text) noexcept {
  if (text.size() < version_00_size || !is_hex(text.substr(0, 2)) || text.starts_with("ff")) return false;
  if (text.starts_with("00") ? text.size() != version_00_size
                             : text.size() > version_00_size && text[version_00_size] != '-') {
    return false;
  }
  if (text[2] != '-' || text[span_at - 1] != '-' || text[flags_at - 1] != '-') return false;
  const std::string_view trace = text.substr(trace_at, 32);
  const std::string_view span = text.substr(span_at, 16);
  return is_hex(trace) && is_hex(span) && is_hex(text.substr(flags_at, 2)) && !is_zero(trace) &&
         !is_zero(span);
}

void append_traceparent(std::string& out, std::string_view store, const core::OutgoingEvent& event) {
  const core::Position& position = event.record.position;
  // The store is in it, since two stores share epochs' numbers and sequences, and their spans may meet in one trace.
  const std::uint64_t place = spread(number_of_text(store) ^ number_of_text(event.epoch)) ^
                              spread(static_cast<std::uint64_t>(position.sequence));
  out += "00-";
  std::string_view flags = "01";
  if (is_traceparent(event.traceparent)) {
    out.append(event.traceparent, trace_at, 32);
    flags = std::string_view(event.traceparent).substr(flags_at, 2);
  } else if (event.record.order != core::no_order) {
    append_hex(out, event.order_id);
  } else {
    append_hex(out, spread(place + 1));
    append_hex(out, spread(place + 2));
  }
  out += '-';
  append_hex(out, spread(place));
  out += '-';
  out += flags;
}

}  // namespace storegate::codec
