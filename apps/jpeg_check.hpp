#pragma once

#include <string_view>

namespace baton::apps {

/// Whether every Huffman table that stb would read from this JPEG has at most 256 codes: the distribution's stb_image
/// 2.27 writes beyond its own tables otherwise. Follows the markers as stb does, and on past what makes stb give up.
/// @pre the bytes begin with a JPEG's start marker. Source: ITU-T T.81, B.1.1 and B.2.4.2.
bool has_sound_huffman_tables(std::string_view jpeg);

} // namespace baton::apps
