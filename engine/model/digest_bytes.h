#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string_view>

#include "engine/model/canonical.h"

namespace couplet {

// Digester::of_bytes, for where its length is known when it is compiled.
inline Digest digest_bytes(std::string_view bytes, const Digester::Secret& secret) {
  return Digest{XXH3_64bits_withSecret(bytes.data(), bytes.size(), secret.data(), secret.size())};
}

}  // namespace couplet
