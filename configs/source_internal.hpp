// Text that was read and where it came from; how an error about it is laid out. Private to configs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace paretoforge {

/// A document as it was read; its nodes keep it alive so that messages can show its lines.
struct Source {
  std::string name;
  std::string text;
};

/// A spot in a source, counted from 1 in lines and bytes; 0 means "no spot".
struct Mark {
  int line = 0;
  int column = 0;
};

bool is_utf8(std::string_view text);

/// Drops a byte order mark; throws ConfigError for bytes that are no text: controls, broken UTF-8.
std::string checked_text(std::string_view text, const std::string& name);

/// The message of ConfigError: what is wrong, the place, its line with `token` underlined, a hint.
/// A null source or an empty mark leave out what they would have told.
std::string diagnostic(const std::string& message, const Source* source, Mark mark, std::string_view token,
                       const std::string& hint);

/// Text for a message: control characters escaped, cut where it is long.
std::string printable(std::string_view text);

}  // namespace paretoforge
