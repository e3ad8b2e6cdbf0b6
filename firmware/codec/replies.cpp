// Whole replies: which status and headers go with what core answered, and problem documents.
#include <array>
#include <string>

#include "codec/answers.hpp"
#include "codec/json.hpp"

namespace storegate::codec {

namespace {

struct KindRow {
  ProblemKind kind;
  int status;
  std::string_view slug;  // of the type URI: stable
  std::string_view title;
};

constexpr std::array<KindRow, 14> kind_rows{{
    {ProblemKind::malformed_json, 400, "malformed-json", "The body is not acceptable JSON"},
    {ProblemKind::invalid_document, 400, "invalid-document", "The body is not what this request takes"},
    {ProblemKind::wrong_kind, 400, "wrong-kind", "The body is another webhook than the URL names"},
    {ProblemKind::missing_key, 400, "missing-idempotency-key", "The header Idempotency-Key is missing"},
    {ProblemKind::unknown_partner, 400, "unknown-partner", "The partner is not known here"},
    {ProblemKind::not_authenticated, 401, "not-authenticated", "A valid credential is needed"},
    {ProblemKind::not_found, 404, "not-found", "There is nothing by that name"},
    {ProblemKind::other_store, 404, "other-store", "The order is of another store"},
    {ProblemKind::method_not_allowed, 405, "method-not-allowed", "The method does not fit the resource"},
    {ProblemKind::conflict, 409, "conflict", "The request contradicts what is already there"},
    {ProblemKind::too_large, 413, "too-large", "The body is too large"},
    {ProblemKind::unsupported_media_type, 415, "unsupported-media-type", "The body's type is not JSON"},
    {ProblemKind::too_many_requests, 429, "too-many-requests", "Too many new orders"},
    {ProblemKind::unavailable, 503, "unavailable", "The order could not be taken now"},
}};

const KindRow& row_of(ProblemKind kind) noexcept { return kind_rows[static_cast<std::size_t>(kind)]; }

HttpReply answer_reply(int status, const core::Answer& answer) {
  HttpReply reply;
  reply.status = status;
  reply.body = answer.order ? encode_short_answer(*answer.order) : "{}";
  return reply;
}

std::string_view or_else(const std::string& why, std::string_view otherwise) {
  return why.empty() ? otherwise : std::string_view(why);
}

/// The refusals that every kind of request can meet.
HttpReply refusal_reply(const core::Answer& answer) {
  using core::AnswerKind;
  const auto problem = [&](ProblemKind kind, std::string_view otherwise) {
    return problem_reply({kind, std::string(or_else(answer.why, otherwise)), "", std::nullopt});
  };
  switch (answer.kind) {
    case AnswerKind::conflict: return problem(ProblemKind::conflict, "the order's state does not allow it");
    case AnswerKind::not_found: return problem(ProblemKind::not_found, "no such order");
    case AnswerKind::unknown_partner:
      return problem(ProblemKind::unknown_partner, "no such partner is configured");
    case AnswerKind::too_many:
      return retry_reply(ProblemKind::too_many_requests, or_else(answer.why, "beyond this partner's rate"),
                         answer.retry_after_s);
    case AnswerKind::full:
      return retry_reply(ProblemKind::unavailable, or_else(answer.why, "too many orders are waiting already"),
                         answer.retry_after_s);
    default:
      return retry_reply(ProblemKind::unavailable,
                         or_else(answer.why, "it could not be stored; nothing has changed"),
                         answer.retry_after_s > 0 ? answer.retry_after_s : 1);
  }
}

}  // namespace

int status_of(ProblemKind kind) noexcept { return row_of(kind).status; }

HttpReply problem_reply(const Problem& problem) { return problem_reply(problem, status_of(problem.kind)); }

HttpReply problem_reply(const Problem& problem, int status) {
  const KindRow& row = row_of(problem.kind);
  HttpReply reply;
  reply.status = status;
  reply.content_type = "application/problem+json";
  reply.body.append(R"({"type":"urn:storegate:problem:)").append(row.slug).append(R"(","title":)");
  json::append_string(reply.body, row.title);
  reply.body += R"(,"status":)";
  json::append_integer(reply.body, status);
  reply.body += R"(,"detail":)";
  json::append_string(reply.body, problem.detail);
  const bool about_body = status == 400 && problem.kind <= ProblemKind::wrong_kind;
  if (about_body) {
    reply.body += R"(,"pointer":)";
    json::append_string(reply.body, problem.pointer);
  }
  if (problem.offset) {
    reply.body += R"(,"offset":)";
    json::append_integer(reply.body, static_cast<std::int64_t>(*problem.offset));
  }
  reply.body += '}';
  if (status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  return reply;
}

HttpReply retry_reply(ProblemKind kind, std::string_view detail, std::int64_t retry_after_s) {
  HttpReply reply = problem_reply({kind, std::string(detail), "", std::nullopt});
  if (retry_after_s > 0) reply.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
  return reply;
}

HttpReply order_reply(const core::Answer& answer) {
  if (answer.kind == core::AnswerKind::created) return answer_reply(201, answer);
  if (answer.kind == core::AnswerKind::replayed) {
    HttpReply reply = answer_reply(200, answer);
    reply.headers.emplace_back("Idempotency-Replayed", "true");
    return reply;
  }
  if (answer.kind == core::AnswerKind::done) return answer_reply(200, answer);
  return refusal_reply(answer);
}

HttpReply command_reply(const core::Answer& answer) {
  using core::AnswerKind;
  const bool well = answer.kind == AnswerKind::created || answer.kind == AnswerKind::replayed ||
                    answer.kind == AnswerKind::done;
  return well ? answer_reply(200, answer) : refusal_reply(answer);
}

}  // namespace storegate::codec
