#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/model/result.h"

namespace couplet {

// Standard output, which is for data, and standard error, which is for talk and, on a terminal, for
// one bar of progress that every line pushes aside.
//
// A reader who leaves early (`| head`) is no error: what follows is dropped.
class Console {
 public:
  struct Settings {
    int out = 1;
    int err = 2;
    bool out_terminal = false;
    bool err_terminal = false;
    bool out_colors = false;
    bool err_colors = false;
    std::size_t width = 80;  // of the terminal behind err, in columns
  };
  // What the process was started with; NO_COLOR and TERM=dumb are respected.
  static Settings detect();

  explicit Console(const Settings& settings) : settings_(settings) {}
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // `line` without the line feed. Held back until `flush`, or until it is much, where no terminal
  // reads it.
  void data(std::string_view line);
  // Passwords of URLs and connection strings are masked, whoever put them there.
  void talk(std::string_view line);
  // Whole lines that were masked where they were made.
  void talk_as_is(std::string_view text);

  // Shows `bar` as the last line of the terminal, in place of the one before.
  void show_bar(std::string_view bar);
  void clear_bar();
  [[nodiscard]] bool shows_bar() const { return settings_.err_terminal; }
  [[nodiscard]] std::size_t width() const;  // as of now: windows change their size

  [[nodiscard]] bool out_colors() const { return settings_.out_colors; }
  [[nodiscard]] bool err_colors() const { return settings_.err_colors; }

  void flush();
  [[nodiscard]] bool reader_gone() const { return reader_gone_; }
  // The end of all data. An error if some of it could not be written, but for a reader who left.
  Result<void> finish();

 private:
  Settings settings_;
  std::string held_;
  bool bar_shown_ = false;
  bool reader_gone_ = false;
  int write_error_ = 0;
};

}  // namespace couplet
