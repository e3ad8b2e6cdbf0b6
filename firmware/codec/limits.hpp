// How much of anything codec takes from outside, each with its reason. What lies beyond is refused with a problem
// that names the place; nothing is ever cut to fit, since half an order is worse than none. Only a partner's long name is.
#pragma once

#include <cstddef>
#include <cstdint>

namespace storegate::codec {

/// Objects and arrays within each other. A DoorDash option nests four for each modifier level (6 + 4 x 10), a
/// CloudEvent around it one more; deeper text is an attack on somebody's stack.
inline constexpr std::size_t json_depth_max = 64;
/// Values and member names in one text, so that 512 KiB of "[0,0,0," take 8 MB for a moment and not 60. The largest
/// order there may be has some 70,000, the longest availability list 140,000.
inline constexpr std::size_t json_nodes_max = 200'000;
/// A name of ours is at most 48 bytes; room is left for partners' sub-brands.
inline constexpr std::size_t partner_bytes_max = 64;
/// Ids of items and modifiers: the longest seen is a UUID with prefixes.
inline constexpr std::size_t item_id_bytes_max = 128;
/// Names as they are printed on the ticket; generous, since a long name is no reason to lose a sale.
inline constexpr std::size_t name_bytes_max = 1024;
/// Notes and free text of cancels.
inline constexpr std::size_t note_bytes_max = 8192;
inline constexpr std::size_t phone_bytes_max = 128;
inline constexpr std::int64_t quantity_max = 10'000;
/// Modifiers of one order in all, so that a 512 KiB body cannot become 100 MB of small structures.
inline constexpr std::size_t modifiers_per_order_max = 5000;
/// Orders named in one release or cancel message: one commit must stay short (at most some 100 ms on an SD card).
inline constexpr std::size_t refs_per_message_max = 10'000;
/// Items in one availability list: several times the largest menu.
inline constexpr std::size_t availability_items_max = 20'000;
/// What a POS calls an order.
inline constexpr std::size_t pos_reference_bytes_max = 256;
/// A POS's own word for a refusal.
inline constexpr std::size_t pos_code_bytes_max = 256;
/// A POS that asks us to wait longer is asked again after this all the same.
inline constexpr std::int64_t retry_after_s_max = 3600;
/// A member's name longer than this is left out of a problem's pointer.
inline constexpr std::size_t pointer_token_bytes_max = 64;

}  // namespace storegate::codec
