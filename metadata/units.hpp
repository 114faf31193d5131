#pragma once

#include <cstdint>
#include <string_view>

#include "metadata/error.hpp"
#include "metadata/ids.hpp"

/// Amounts as people write them: a decimal number and a unit, "16 GiB", "1.5GB/s", "20 us". Exact: what is no whole
/// number of the result's unit is an error, as is anything behind the unit. Errors: `bad_argument`.
namespace baton::metadata {

/// Bytes: B, kB (or KB), MB, GB, TB are powers of 1000; KiB, MiB, GiB, TiB of 1024.
expected<std::uint64_t> parse_bytes(std::string_view text);
/// Bytes per second: the units of bytes with /s behind, and bit/s, kbit/s, Mbit/s, Gbit/s, Tbit/s.
expected<std::uint64_t> parse_rate(std::string_view text);
/// ns, us, ms, s, min, h; at most 2^62 ns (146 years).
expected<duration> parse_duration(std::string_view text);

} // namespace baton::metadata
