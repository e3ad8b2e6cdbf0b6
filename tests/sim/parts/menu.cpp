// Words are planned when the world begins; what a POS's answer looks like is drawn when it is asked.
#include "sim/parts/menu.hpp"

#include <algorithm>
#include <utility>

#include "sim/parts/bodies.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

namespace {
constexpr std::int64_t s = 1000;
constexpr const char* mark = R"("list_number":)";

std::int64_t between(Draws& draws, std::int64_t from, std::int64_t to) {
  return from + static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(to - from) + 1));
}

/// In every whole list: most orders have the one, and the order sent after the storm has the other.
constexpr const char* always_listed[] = {"soda-01", "probe-item"};

std::string word_body(const Word& word, bool with_id) {
  std::string text = "{";
  if (with_id) text += R"("id":")" + word.item + "\",";
  text += std::string(R"("available":)") + (word.off ? "false" : "true");
  if (word.until_ms) text += R"(,"until":")" + time_text(*word.until_ms) + "\"";
  return text + "}";
}

std::string words_body(const Word& word) {
  if (word.list.empty()) return R"({"items":[)" + word_body(word, true) + "]}";
  std::string lines;
  for (const Word& one : word.list) lines += (lines.empty() ? "" : ",") + word_body(one, true);
  return R"({"full":true,"items":[)" + lines + "]}";
}
}  // namespace

void Menu::plan() {
  plan_words();
  plan_lists();
  plan_pos();
}

/// An item or a modifier; never the soda, which most orders have.
std::string Menu::thing() {
  const bool modifier = draws_.chance(400);
  const std::uint64_t which = draws_.below(modifier ? 4 : 6);
  return (modifier ? "mod-" : "item-") + std::to_string(which);
}

// Off for a while, by one who says so twice, or who says at once until when.
void Menu::plan_words() {
  const Faults& faults = world_.plan().faults;
  for (std::uint64_t i = 0; i < faults.menu_changes; ++i) {
    Word off;
    off.item = thing();
    off.off = true;
    off.by_person = draws_.chance(400);
    const std::int64_t off_ms = between(draws_, 5 * s, world_.plan().storm_ms);
    const std::int64_t on_ms = off_ms + between(draws_, 5 * s, 60 * s);
    const bool by_its_time = draws_.chance(faults.until_of_1000);
    const bool for_long = draws_.chance(400);
    if (by_its_time) off.until_ms = for_long ? off_ms + between(draws_, 60 * s, 400 * s) : on_ms;
    Word on = off;
    on.off = false;
    on.until_ms.reset();
    words_.push_back(std::move(off));
    world_.timeline().at(off_ms, [this, word = words_.size() - 1] { say(word); });
    if (by_its_time) continue;
    words_.push_back(std::move(on));
    world_.timeline().at(on_ms, [this, word = words_.size() - 1] { say(word); });
  }
}

void Menu::plan_lists() {
  for (std::uint64_t i = 0; i < world_.plan().faults.full_lists; ++i) {
    const std::int64_t at_ms = between(list_draws_, 5 * s, world_.plan().storm_ms);
    words_.push_back(draw_list(at_ms));
    world_.timeline().at(at_ms, [this, word = words_.size() - 1] {
      world_.fault("full list");
      say(word);
    });
  }
}

// One item at least is left out of it. Modifiers may be: they are never unknown.
Word Menu::draw_list(std::int64_t at_ms) {
  Word word;
  const std::uint64_t left_out = list_draws_.below(6), left_out_too = list_draws_.below(12);
  const auto add = [&](const std::string& item) {
    Word line;
    line.item = item;
    line.off = list_draws_.chance(120);
    const bool ends = list_draws_.chance(500);
    const std::int64_t until_ms = at_ms + between(list_draws_, 20 * s, 200 * s);
    if (line.off && ends) line.until_ms = until_ms;
    word.list.push_back(std::move(line));
  };
  for (std::uint64_t i = 0; i < 6; ++i)
    if (i != left_out && i != left_out_too) add("item-" + std::to_string(i));
  for (std::uint64_t i = 0; i < 2; ++i) add("mod-" + std::to_string(i));
  for (const char* item : always_listed) word.list.push_back({item, false, {}, false, {}});
  return word;
}

void Menu::plan_pos() {
  const Faults& faults = world_.plan().faults;
  for (std::uint64_t i = 0; i < faults.pos_menu_changes; ++i) {
    const std::string item = thing();
    const std::int64_t off_ms = between(draws_, 1 * s, world_.plan().storm_ms);
    const std::int64_t on_ms = off_ms + between(draws_, 10 * s, 120 * s);
    world_.timeline().at(off_ms, [this, item] { off_.insert(item); });
    world_.timeline().at(on_ms, [this, item] { off_.erase(item); });
  }
  for (std::uint64_t i = 0; i < faults.price_changes; ++i) {
    const std::string item = thing();
    // By one it is still the same price.
    const std::int64_t by = draws_.chance(400) ? 1 : 50;
    const std::int64_t usual = item.starts_with("mod") ? modifier_price : item_price;
    const std::int64_t from_ms = between(draws_, 1 * s, world_.plan().storm_ms);
    const std::int64_t to_ms = from_ms + between(draws_, 10 * s, 90 * s);
    world_.timeline().at(from_ms, [this, item, usual, by] { changed_[item] = usual + by; });
    world_.timeline().at(to_ms, [this, item] { changed_.erase(item); });
  }
}

void Menu::say(std::size_t index) {
  const Word& word = words_[index];
  if (word.by_person) return put(index, s);
  world_.broker().send({"availability", words_body(word)}, {About::availability, index, 0});
}

// The person tries again until it is done, or until somebody has something newer to say of the item.
void Menu::put(std::size_t index, std::int64_t wait_ms) {
  const Word& word = words_[index];
  WebAsk ask;
  ask.method = "PUT";
  ask.target = "/v1/availability/" + word.item;
  ask.headers = {{"Content-Type", "application/json"}};
  ask.body = word_body(word, false);
  world_.web().ask(std::move(ask), {About::availability, index, 0},
                   [this, index, wait_ms](const std::optional<codec::HttpReply>& reply) {
                     if (reply && reply->status < 500) return;
                     const std::int64_t more_ms = between(draws_, 0, 500);
                     const std::int64_t next_ms = std::min<std::int64_t>(wait_ms * 2, 16 * s);
                     world_.timeline().after(wait_ms + more_ms,
                                             [this, index, next_ms] { put(index, next_ms); });
                   });
}

// ---------------------------------------------------------------- the POS's lists

/// A text that is no list, whichever way it is broken.
std::string Menu::garbled(const std::string& lines) {
  const std::uint64_t way = draws_.below(5);
  switch (way) {
    case 0: return R"({"items":[)" + lines;
    case 1:
      return R"({"items":[)" + lines + R"(,{"id":"item-0","available":false,"unit_price":1},)" +
             R"({"id":"item-0","available":true,"unit_price":2}]})";
    case 2: return R"({"items":[{"id":"item-1","available":"no","unit_price":"2"}]})";
    case 3: return R"({"items":{}})";
    default: return "<html>busy</html>";
  }
}

PosReply Menu::list_reply(bool menu) {
  const Faults& faults = world_.plan().faults;
  if (!world_.plan().pos_has_lists) return {404, {}, "{}", true};
  PosListSaid said;
  said.menu = menu;
  said.off = off_;
  std::string lines;
  const auto add = [&](const std::string& item, std::int64_t usual) {
    const auto changed = changed_.find(item);
    const std::int64_t price = changed == changed_.end() ? usual : changed->second;
    said.prices[item] = price;
    if (!lines.empty()) lines += ',';
    lines += R"({"id":")" + item + "\",";
    lines += menu ? R"("unit_price":)" + std::to_string(price)
                  : std::string(R"("available":)") + (off_.contains(item) ? "false" : "true");
    lines += '}';
  };
  for (int i = 0; i < 6; ++i) add("item-" + std::to_string(i), item_price);
  for (int i = 0; i < 4; ++i) add("mod-" + std::to_string(i), modifier_price);
  add("soda-01", soda_price);
  const bool broken = draws_.chance(faults.pos_lists_broken_of_1000);
  const std::uint64_t how = draws_.below(10);
  if (broken && world_.storm()) {
    world_.fault("pos list broken");
    if (how < 6) return {200, {}, garbled(lines), true};
    constexpr int statuses[] = {404, 500, 503, 301};
    return {statuses[how - 6], {}, "{}", true};
  }
  said_.push_back(std::move(said));
  return {200, {}, R"({"items":[)" + lines + "]," + mark + std::to_string(said_.size() - 1) + "}", true};
}

const PosListSaid* Menu::said_by(std::string_view body) const {
  const std::size_t at = body.find(mark);
  if (at == std::string_view::npos) return nullptr;
  const auto number = std::stoull(std::string(body.substr(at + std::string_view(mark).size())));
  return &said_[static_cast<std::size_t>(number)];
}

}  // namespace storegate::sim
