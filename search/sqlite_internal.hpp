// A thin layer over SQLite's C interface: a connection, prepared statements, exceptions. Private to the store.
#pragma once

#include <sqlite3.h>

#include <bit>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace paretoforge {

class SqliteError : public std::runtime_error {
 public:
  SqliteError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
  int code() const { return code_ & 0xff; }

 private:
  int code_;
};

class Statement {
 public:
  Statement(sqlite3* connection, std::string_view sql) : connection_(connection) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v2(connection, sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
    statement_.reset(raw);
    if (code != SQLITE_OK) fail();
  }

  Statement& bind(int place, std::int64_t value) { return checked(sqlite3_bind_int64(get(), place, value)); }
  Statement& bind(int place, std::uint64_t value) { return bind(place, static_cast<std::int64_t>(value)); }
  Statement& bind(int place, double value) { return checked(sqlite3_bind_double(get(), place, value)); }
  Statement& bind(int place, std::string_view text) {
    return checked(sqlite3_bind_text(get(), place, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT));
  }

  /// Whether there is a row; resets the statement at the end.
  bool step() {
    const int code = sqlite3_step(get());
    if (code == SQLITE_ROW) return true;
    sqlite3_reset(get());
    if (code != SQLITE_DONE) fail();
    return false;
  }
  void run() {
    while (step()) {
    }
  }

  std::int64_t integer(int column) { return sqlite3_column_int64(get(), column); }
  std::uint64_t count(int column) { return static_cast<std::uint64_t>(integer(column)); }
  double real(int column) { return sqlite3_column_double(get(), column); }
  std::string text(int column) {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(get(), column));
    return data == nullptr ? "" : std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(get(), column)));
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3_stmt* get() { return statement_.get(); }
  Statement& checked(int code) {
    if (code != SQLITE_OK) fail();
    return *this;
  }
  [[noreturn]] void fail() const {
    throw SqliteError(sqlite3_extended_errcode(connection_), sqlite3_errmsg(connection_));
  }

  sqlite3* connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  Database(const std::string& name, int flags) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &raw, flags, nullptr);
    connection_.reset(raw);
    if (code != SQLITE_OK) throw SqliteError(code, raw ? sqlite3_errmsg(raw) : "no memory");
    sqlite3_busy_timeout(raw, 5000);
  }

  void run(const std::string& sql) {
    char* message = nullptr;
    if (const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, &message); code != SQLITE_OK) {
      const std::string text = message ? message : sqlite3_errstr(code);
      sqlite3_free(message);
      throw SqliteError(code, text);
    }
  }
  Statement prepare(std::string_view sql) { return Statement(connection_.get(), sql); }
  std::int64_t integer(std::string_view sql) {
    Statement statement = prepare(sql);
    return statement.step() ? statement.integer(0) : 0;
  }
  std::string text(std::string_view sql) {
    Statement statement = prepare(sql);
    return statement.step() ? statement.text(0) : "";
  }

  /// Runs `work` in one transaction that takes the write lock at once; an exception undoes all of it.
  template <class Work>
  void transaction(const Work& work) {
    run("BEGIN IMMEDIATE");
    try {
      work();
      run("COMMIT");
    } catch (...) {
      // Some failures have already rolled back; then this one says so and nothing is lost by ignoring it.
      sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace paretoforge
