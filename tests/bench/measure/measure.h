#pragma once

#include <functional>
#include <string>
#include <vector>

// Measuring programs from outside, and a table of what came out.
namespace couplet::bench {

struct Measured {
  double seconds = 0;
  double peak_mib = 0;  // of resident memory
  double processor_seconds = 0;
};

// Runs the line in a shell, to its end. Throws if it ends in anything but 0.
Measured measure(const std::string& shell_line);

// Seconds of several runs.
struct Series {
  std::vector<double> seconds;
  [[nodiscard]] double median() const;
  [[nodiscard]] std::string text() const;  // "1.23 s (1.10-1.40)"
};

// One line of the table.
struct Line {
  std::string work;
  std::string measured;
  std::string baseline;
  double figure = 0;  // the ratio, or what `unit` says
  std::string unit;   // "x", "MiB", "B", "1/s", "exponent"
  std::string must;   // "<= 2.0", or empty: only reported
};

std::string table(const std::vector<Line>& lines);
std::string json(const std::vector<Line>& lines);

// The slope of log(seconds) over log(size), by least squares.
double exponent(const std::vector<std::pair<double, double>>& size_and_seconds);

}  // namespace couplet::bench
