// Trainings that share memory: waiting, running out of it, running again.
#include <atomic>
#include <barrier>
#include <chrono>
#include <cmath>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "experiments/side_by_side.hpp"

using namespace paretoforge;

namespace {

/// The most that ran at once of `count` trainings of so many bytes each.
int most_at_once(SideBySide& gate, int count, double bytes) {
  std::atomic<int> now = 0, most = 0, done = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&] {
      gate.run(bytes, {}, [&] {
        const int here = ++now;
        for (int seen = most; here > seen && !most.compare_exchange_weak(seen, here);) {
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        --now;
        ++done;
        return 0;
      });
    });
  threads.clear();
  REQUIRE(done == count);
  return most;
}

}  // namespace

TEST_CASE("trainings begin while memory lasts, and one alone always") {
  SideBySide gate(100);
  CHECK(most_at_once(gate, 6, 40) <= 2);
  CHECK(most_at_once(gate, 6, 60) == 1);
  CHECK(most_at_once(gate, 3, 1000) == 1);
}

TEST_CASE("what runs out of memory beside others runs again with fewer") {
  SideBySide gate;
  std::barrier both(2);
  std::atomic<int> tries = 0;
  std::vector<int> results(2);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i)
      threads.emplace_back([&, i] {
        bool first = true;
        results[i] = gate.run(1, {}, [&] {
          ++tries;
          if (std::exchange(first, false)) {
            both.arrive_and_wait();  // both run
            if (i == 0) throw OutOfMemory("out of memory");
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
          }
          return i + 1;
        });
      });
  }
  CHECK(results == std::vector{1, 2});
  CHECK(tries == 3);
  CHECK(gate.allowed() == 1);
  CHECK(most_at_once(gate, 4, 1) == 1);
}

TEST_CASE("alone, running out of memory is the network's own fault; other errors always are") {
  SideBySide gate;
  int tries = 0;
  CHECK_THROWS_AS(gate.run(1, {}, [&]() -> int { ++tries; throw OutOfMemory("out of memory"); }), OutOfMemory);
  CHECK_THROWS_AS(gate.run(1, {}, [&]() -> int { ++tries; throw TrainingError("no"); }), TrainingError);
  CHECK(tries == 2);
  CHECK(gate.run(1, {}, [] { return 7; }) == 7);
}

TEST_CASE("who waits for memory can be stopped") {
  SideBySide gate(1);
  std::stop_source stop;
  std::atomic<bool> inside = false, interrupted = false;
  gate.run(1, {}, [&] {
    std::jthread waiting([&] {
      try {
        gate.run(1, stop.get_token(), [&] { inside = true; return 0; });
      } catch (const TrainingInterrupted&) {
        interrupted = true;
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    stop.request_stop();
    return 0;
  });
  CHECK(interrupted);
  CHECK_FALSE(inside);
}
