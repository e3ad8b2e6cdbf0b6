// Tables and stories for the terminal; see cli_format.hpp.
#include "app/cli_format.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "codec/times.hpp"
#include "core/ids.hpp"

namespace storegate::app {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;

// ---- text that is safe to print ----

/// How many bytes the UTF-8 character at the front has, by its first byte; 0 = none begins here.
std::size_t character_bytes(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

bool is_continued(std::string_view tail) {
  return std::all_of(tail.begin(), tail.end(),
                     [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; });
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

// ---- tables ----

using Row = std::vector<std::string>;

/// Columns two blanks apart, as wide as their widest cell; no blanks at a line's end.
std::string table_of(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

// ---- words ----

struct ReasonWords {
  std::string_view reason, words;
};

constexpr ReasonWords reason_words[] = {
    {"item_unavailable", "an item is sold out"},
    {"item_unknown", "an item is not on the menu"},
    {"store_closed", "the store is closed"},
    {"pos_offline", "the POS is offline"},
    {"too_busy", "the kitchen is too busy"},
    {"price_mismatch", "a price is not the menu's"},
    {"invalid_order", "the order makes no sense"},
    {"timed_out", "it came too late"},
    {"pos_refused", "the POS refused it"},
    {"in_doubt", "the POS may or may not have it"},
    {"release_overdue", "nobody released it in time"},
    {"by_hand", "the partner has it keyed in by hand"},
    {"too_late", "too late for the POS to take it back"},
    {"assumed", "assumed done, the POS said nothing"},
    {"immediate", "at once"},
    {"at_time", "its time had come"},
    {"fallback", "nobody released it before its fallback time"},
    {"early", "the release came before the order"},
    {"late", "the release came after it was parked"},
};

std::string words_for(std::string_view reason) {
  for (const ReasonWords& row : reason_words) {
    if (row.reason == reason) return std::string(row.words);
  }
  return printable(reason);
}

/// "3 min", "2 h 05 min", "4 d"; "" for a time that cannot be right (a clock that was not set).
std::string span_text(std::int64_t span_ms) {
  if (span_ms < -minute_ms || span_ms > 3660 * day_ms) return {};
  const std::int64_t minutes = std::max<std::int64_t>(span_ms, 0) / minute_ms;
  std::array<char, 32> text{};
  if (minutes < 1) return "just now";
  if (minutes < 60) {
    std::snprintf(text.data(), text.size(), "%d min", static_cast<int>(minutes));
  } else if (minutes < 48 * 60) {
    std::snprintf(text.data(), text.size(), "%d h %02d min", static_cast<int>(minutes / 60),
                  static_cast<int>(minutes % 60));
  } else {
    std::snprintf(text.data(), text.size(), "%d d", static_cast<int>(minutes / (24 * 60)));
  }
  return text.data();
}

/// Since the order came in: an order's id holds the millisecond it was made in (RFC 9562, version 7).
std::string age_of(const OrderLine& order, std::int64_t wall_ms) {
  const auto id = core::order_id_from(order.id);
  if (!id) return {};
  std::int64_t made_ms = 0;
  for (std::size_t i = 0; i < 6; ++i) made_ms = made_ms * 256 + id->bytes[i];
  return span_text(wall_ms - made_ms);
}

std::string code_of(const OrderLine& order) {
  const auto id = core::order_id_from(order.id);
  return id ? core::display_code_of(*id) : std::string{};
}

/// "2026-11-23 12:00:05 UTC" for the interface's RFC 3339; anything else as it is.
std::string time_words(std::string_view time) {
  const auto wall_ms = codec::time_from(time);
  if (!wall_ms) return printable(time);
  std::string text = codec::time_text(*wall_ms).substr(0, 19);
  text[10] = ' ';
  return text + " UTC";
}

std::string in_brackets(std::string_view text) { return text.empty() ? "" : " (" + std::string(text) + ")"; }

/// "4.31 USD"; yen and other currencies without minor units would be read wrongly, so those stay whole.
std::string money_text(std::int64_t minor, std::string_view currency) {
  constexpr std::string_view whole[] = {"JPY", "KRW", "CLP", "VND", "ISK", "PYG", "UGX", "XAF", "XOF", "XPF"};
  if (std::find(std::begin(whole), std::end(whole), currency) != std::end(whole)) {
    return std::to_string(minor) + " " + printable(currency);
  }
  std::array<char, 48> text{};
  const auto magnitude =
      minor < 0 ? 0 - static_cast<std::uint64_t>(minor) : static_cast<std::uint64_t>(minor);
  std::snprintf(text.data(), text.size(), "%s%llu.%02llu", minor < 0 ? "-" : "",
                static_cast<unsigned long long>(magnitude / 100),
                static_cast<unsigned long long>(magnitude % 100));
  return text.data() + (currency.empty() ? std::string() : " " + printable(currency));
}

void append_items(std::string& out, const std::vector<BoughtItem>& items, std::size_t indent,
                  std::string_view mark) {
  for (const BoughtItem& item : items) {
    out.append(indent, ' ').append(mark);
    if (mark.empty() || item.quantity != 1) out += std::to_string(item.quantity) + " x ";
    out += printable(item.name.empty() ? item.id : item.name);
    if (!item.note.empty()) out += "  note: " + printable(item.note);
    out += "\n";
    append_items(out, item.modifiers, indent + 4, "+ ");
  }
}

std::string release_words(const OrderDetail& order) {
  std::string words = printable(order.release_mode);
  if (!order.released_at.empty()) {
    words += ", released " + time_words(order.released_at);
    if (!order.release_by.empty()) words += " by " + printable(order.release_by);
  } else if (!order.release_due.empty()) {
    words += order.release_mode == "on_event" ? ", fallback at " : ", due ";
    words += time_words(order.release_due);
  }
  return words;
}

void append_history(std::string& out, const std::vector<HistoryLine>& history) {
  std::vector<Row> rows;
  for (const HistoryLine& line : history) {
    const std::string what = line.event.empty() ? line.phase : line.event;
    rows.push_back({"  " + time_words(line.at), printable(what),
                    line.by.empty() ? "" : "by " + printable(line.by), words_for(line.why)});
  }
  if (!rows.empty()) out += "\nWhat happened\n" + table_of(rows);
}

/// One thing that a person can do about a parked order, named as the service names it.
struct Step {
  std::string_view action, words;
};

/// What is to be looked at, and under which finding which step is right.
std::vector<Step> steps_for(std::string_view reason) {
  if (reason == "in_doubt")
    return {{"placed", "It is there:"},
            {"not_placed", "It is not there:"},
            {"reprint", "It was there and is lost:"}};
  if (reason == "pos_refused")
    return {{"placed", "You entered it by hand:"},
            {"not_placed", "The POS is put right, try again:"},
            {"cancel", "It cannot be made:"}};
  if (reason == "release_overdue") return {{"release", "Make it now:"}, {"cancel", "Do not make it:"}};
  if (reason == "by_hand")
    return {{"placed", "It was keyed in:"},
            {"not_placed", "It was not, send it:"},
            {"cancel", "It is not to be made:"}};
  return {{"placed", "It was made:"}, {"not_placed", "Send it:"}, {"cancel", "Do not make it:"}};
}

std::string question_for(const OrderLine& order) {
  if (order.reason == "in_doubt")
    return "Is ticket " + code_of(order) + " in the kitchen? Look on the POS and at the pass.";
  if (order.reason == "pos_refused")
    return "The POS did not take this order as it is (the log has its word for it).";
  if (order.reason == "by_hand")
    return "The partner has asked for this order to be keyed in by hand. Look on the POS whether it was.";
  if (order.reason == "release_overdue") return "No word came that the driver is near. Ask the partner.";
  return {};
}

std::string command_for(std::string_view action, const std::string& id) {
  const std::string command = "storegate orders ";
  if (action == "release") return command + "release " + id;
  if (action == "cancel") return command + "cancel " + id + " --reason \"…\"";
  return command + "resolve " + id + " --answer " +
         (action == "not_placed" ? "not-placed" : std::string(action));
}

/// What a person should do about a parked order, one step a line: of what fits the reason, that which the service says
/// is possible.
std::vector<std::string> advice_for(const OrderLine& order) {
  std::vector<Step> steps = steps_for(order.reason);
  if (!order.actions.empty())
    std::erase_if(steps, [&](const Step& step) {
      return std::find(order.actions.begin(), order.actions.end(), step.action) == order.actions.end();
    });
  std::size_t width = 0;
  for (const Step& step : steps) width = std::max(width, step.words.size());
  std::vector<std::string> lines;
  if (std::string question = question_for(order); !question.empty()) lines.push_back(std::move(question));
  for (const Step& step : steps) {
    std::string line(step.words);
    line.append(width - step.words.size() + 2, ' ').append(command_for(step.action, printable(order.id)));
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string event_name(std::string_view type) {
  constexpr std::string_view prefix = "storegate.";
  if (type.starts_with(prefix)) type.remove_prefix(prefix.size());
  if (type.ends_with(".v1")) type.remove_suffix(3);
  return printable(type);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t size = character_bytes(first);
    if (size == 0 || size > text.size() || !is_continued(text.substr(1, size - 1))) {
      out += '?';
      text.remove_prefix(1);
      continue;
    }
    const bool c1_control = size == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    const bool control = (size == 1 && (first < 0x20 || first == 0x7f)) || c1_control;
    out += control ? " " : std::string(text.substr(0, size));
    text.remove_prefix(size);
  }
  return out;
}

std::string format_orders(const std::vector<OrderLine>& orders, std::int64_t wall_ms) {
  if (orders.empty()) return "No orders.\n";
  std::vector<Row> rows = {{"ID", "CODE", "PARTNER", "THEIR NUMBER", "PHASE", "WHY", "AGE"}};
  for (const OrderLine& order : orders) {
    rows.push_back({printable(order.id), code_of(order), printable(order.partner),
                    printable(order.partner_order_id), printable(order.phase), words_for(order.reason),
                    age_of(order, wall_ms)});
  }
  return table_of(rows);
}

std::string format_parked(const std::vector<OrderLine>& orders, std::int64_t wall_ms) {
  if (orders.empty()) return "Nothing waits for a decision.\n";
  std::string out;
  for (const OrderLine& order : orders) {
    if (!out.empty()) out += "\n";
    out += code_of(order) + "  " + printable(order.partner) + " " + printable(order.partner_order_id) + ": " +
           words_for(order.reason) + "\n";
    const std::string& since = order.since.empty() ? order.updated_at : order.since;
    out += "  parked since " + time_words(since);
    if (const auto since_ms = codec::time_from(since)) out += in_brackets(span_text(wall_ms - *since_ms));
    out += "\n";
    for (const std::string& step : advice_for(order)) out += "  " + step + "\n";
  }
  return out;
}

std::string format_order(const OrderDetail& order, std::int64_t wall_ms) {
  const OrderLine& line = order.line;
  std::string out = "Order " + printable(line.id) + "  code " + code_of(line) + "\n";
  std::vector<Row> rows = {
      {"  from", printable(line.partner) + ", their number " + printable(line.partner_order_id)},
      {"  phase", printable(line.phase) + in_brackets(words_for(line.reason))},
      {"  came in", age_of(line, wall_ms)},
      {"  on the POS", line.pos_reference.empty() ? "-" : printable(line.pos_reference)},
      {"  release", release_words(order)}};
  std::string goes = printable(order.fulfilment);
  if (!order.promised_at.empty()) goes += ", promised for " + time_words(order.promised_at);
  if (!goes.empty()) rows.push_back({"  goes by", goes});
  if (!order.customer.empty()) rows.push_back({"  for", printable(order.customer)});
  if (order.total) rows.push_back({"  total", money_text(*order.total, order.currency)});
  if (const std::string age = age_of(line, wall_ms); !age.empty() && age != "just now")
    rows[2][1] = age + " ago";
  out += table_of(rows);
  if (!order.items.empty()) out += "\nItems\n";
  append_items(out, order.items, 2, "");
  append_history(out, order.history);
  if (line.phase != "parked") return out;
  out += "\nWhat to do\n";
  for (const std::string& step : advice_for(line)) out += "  " + step + "\n";
  return out;
}

std::string format_outcome(const OrderLine& order) {
  return "Order " + printable(order.id) + " is now " + printable(order.phase) +
         in_brackets(words_for(order.reason)) + ".\n";
}

std::string format_availability(const std::vector<AvailabilityLine>& items) {
  if (items.empty()) return "Nothing is marked: every item is available.\n";
  std::vector<Row> rows = {{"ITEM", "AVAILABLE", "UNTIL"}};
  for (const AvailabilityLine& item : items) {
    rows.push_back({printable(item.id), item.available ? "yes" : "no",
                    item.pos_off ? std::string("the POS has it again") : time_words(item.until)});
  }
  return table_of(rows);
}

std::string format_store(const StoreLine& store) {
  if (store.status == "paused") {
    return "The store is paused " +
           (store.until.empty() ? "until somebody opens it" : "until " + time_words(store.until)) +
           ": new orders are rejected, those that run go on.\n";
  }
  return store.open_now ? "The store is open.\n" : "The store is closed at this hour.\n";
}

std::string format_events(const std::vector<EventLine>& events, bool heading) {
  if (events.empty()) return heading ? "No events.\n" : "";
  std::vector<Row> rows;
  if (heading) rows = {{"SEQ", "TIME", "EVENT", "PARTNER", "THEIR NUMBER", "ORDER", "WHAT", "BY"}};
  for (const EventLine& event : events) {
    const auto digits = event.sequence.find_first_not_of('0');
    rows.push_back({digits == std::string::npos ? "0" : printable(event.sequence.substr(digits)),
                    time_words(event.time), event_name(event.type), printable(event.partner),
                    printable(event.partner_order_id), printable(event.subject), printable(event.what),
                    printable(event.by) + in_brackets(printable(event.why))});
  }
  return table_of(rows);
}

}  // namespace storegate::app
