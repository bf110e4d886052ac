// CSV tables: RFC 4180 in and out, and what is refused.
#include "configs/table.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "configs/config.hpp"
#include "configs/table_rows.hpp"
#include "data.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

std::string parse_message(const std::string& text) {
  try {
    Table::parse(text, "t.csv");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("fields, quotes and line ends") {
  const Table table = Table::parse(
      "\xEF\xBB\xBF"
      "a,\"b \"\"c\"\"\",d\r\n1,\"x,\ny\",\r\n-2.5,,nan",
      "t.csv");
  CHECK(table.columns() == std::vector<std::string>{"a", "b \"c\"", "d"});
  REQUIRE(table.rows() == 2);
  CHECK(table.cell(0, 1) == "x,\ny");
  CHECK(table.cell(0, 2).empty());
  CHECK(table.line(0) == 2);
  CHECK(table.line(1) == 4);  // the first row spans two lines
  CHECK(table.numbers("a") == std::vector<double>{1, -2.5});
  CHECK(std::isnan(table.number(1, 2)));
  CHECK(table.find_column("d") == 2u);
  CHECK_FALSE(table.find_column("e").has_value());
}

TEST_CASE("a header alone is a table without rows") {
  CHECK(Table::parse("a,b", "t").rows() == 0);
  CHECK(Table::parse("a,b\n", "t").numbers("b").empty());
  CHECK(Table::parse("a\n\n1\n", "t").rows() == 2);  // an empty line is an empty cell of a lone column
}

TEST_CASE("malformed tables are refused with their line") {
  CHECK(parse_message("") == "error: the table is empty; its first line must name the columns\n  --> t.csv");
  CHECK(parse_message("\n1\n") == "error: column 1 has no name\n  --> t.csv:1");
  CHECK(parse_message("a,,c\n") == "error: column 2 has no name\n  --> t.csv:1");
  CHECK(parse_message("a,b,a\n") == "error: two columns are called 'a'\n  --> t.csv:1");
  CHECK(parse_message("a,b\n1,2\n3\n") == "error: this row has 1 field, the header has 2\n  --> t.csv:3");
  CHECK(parse_message("a,b\n\"1\n\",2\n3,4,5\n") == "error: this row has 3 fields, the header has 2\n  --> t.csv:4");
  CHECK(parse_message("a\nx\"y\n") ==
        "error: a quote stands inside a field that does not begin with one\n  --> t.csv:2");
  CHECK(parse_message("a\n\"x\"y\n") == "error: text follows the closing quote of a field\n  --> t.csv:2");
  CHECK(parse_message("a\n\n\"x\n\n") == "error: a quoted field begins here and never ends\n  --> t.csv:3");
  CHECK(parse_message(std::string("a\n\0\n", 4)) ==
        "error: this is no text: it holds the control character \\x00\n  --> t.csv:2");
}

TEST_CASE("columns and numbers that are not there") {
  const Table table = Table::parse("latency_ms,accuracy\n1,good\n+2,\n", "t.csv");
  CHECK_THROWS_WITH(table.column("params"), "error: the table has no column 'params'\n  --> t.csv:1\n   = its columns: latency_ms, accuracy");
  CHECK_THROWS_WITH(table.column("latencyms"),
                    "error: the table has no column 'latencyms'\n  --> t.csv:1\n   = did you mean 'latency_ms'?");
  CHECK_THROWS_WITH(table.numbers("accuracy"),
                    "error: column 'accuracy' must hold numbers, found 'good'\n  --> t.csv:2");
  CHECK_THROWS_WITH(table.number(1, 1), "error: column 'accuracy' must hold numbers, found ''\n  --> t.csv:3");
  CHECK(table.number(1, 0) == 2);
  CHECK(std::isinf(Table::parse("x\n-inf\n", "t").number(0, 0)));
}

TEST_CASE("fields are quoted where they must be") {
  CHECK(csv_field("plain text") == "plain text");
  CHECK(csv_field("a,b") == "\"a,b\"");
  CHECK(csv_field("say \"x\"\n") == "\"say \"\"x\"\"\n\"");
  CHECK(csv_field("").empty());
}

TEST_CASE("numbers are written short and read back bit for bit") {
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(100000) == "100000");
  CHECK(number_text(-3) == "-3");
  CHECK(number_text(1e300) == "1e+300");
  CHECK(number_text(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(number_text(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(number_text(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(number_text(-0.0) == "-0");
  Random random(7);
  for (int i = 0; i < 10000; ++i) {
    const double value = (random.uniform() - 0.5) * std::pow(10.0, static_cast<double>(random.below(600)) - 300.0);
    CHECK(Table::parse("x\n" + number_text(value) + "\n", "t").number(0, 0) == value);
  }
}

TEST_CASE("a benchmark's table is read") {
  const auto path = shared_data("nasbench201/accuracy_cifar10.csv");
  if (!path) return;
  const Table table = Table::load(*path);
  CHECK(table.rows() == 15625);
  CHECK(table.numbers("flops_m").size() == 15625);
}

TEST_CASE("row by row a table is the same") {
  const std::string text = "\xEF\xBB\xBF" "a,b\r\n1,\"two\nlines\"\n3,4\n";
  TableRows rows(text, "t.csv");
  const Table table = Table::parse(text, "t.csv");
  CHECK(rows.columns() == table.columns());
  std::vector<std::string> cells;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    REQUIRE(rows.next(cells));
    CHECK(cells == std::vector<std::string>{table.cell(row, 0), table.cell(row, 1)});
    CHECK(rows.line() == table.line(row));
  }
  CHECK_FALSE(rows.next(cells));
  CHECK(cells.empty());
  TableRows uneven("a,b\n1,2\n3\n", "t.csv");
  REQUIRE(uneven.next(cells));
  CHECK_THROWS_AS(uneven.next(cells), ConfigError);
  CHECK(cell_number("+1e3") == 1000);
  CHECK(cell_number("1 ") == std::nullopt);
}
