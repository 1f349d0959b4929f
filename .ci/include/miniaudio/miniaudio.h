// Ollama's Go module ships no audio decoder, and text models never decode audio. These are the names that its
// multimodal helper needs to compile; opening a decoder reports "not implemented", so audio input is refused.
#pragma once
#include <cstddef>
#include <cstdint>

using ma_result = int;
using ma_uint64 = std::uint64_t;
constexpr ma_result MA_SUCCESS = 0;
constexpr ma_result MA_NOT_IMPLEMENTED = -29;
enum ma_format { ma_format_f32 };
struct ma_decoder_config {};
struct ma_decoder {};

static inline ma_decoder_config ma_decoder_config_init(ma_format, std::uint32_t, std::uint32_t) { return {}; }
static inline ma_result ma_decoder_init_memory(const void *, std::size_t, const ma_decoder_config *, ma_decoder *) {
    return MA_NOT_IMPLEMENTED;
}
static inline ma_result ma_decoder_get_length_in_pcm_frames(ma_decoder *, ma_uint64 *) { return MA_NOT_IMPLEMENTED; }
static inline ma_result ma_decoder_read_pcm_frames(ma_decoder *, void *, ma_uint64, ma_uint64 *) {
    return MA_NOT_IMPLEMENTED;
}
static inline ma_result ma_decoder_uninit(ma_decoder *) { return MA_SUCCESS; }
