/* The engine for hosts that are not C++: plain data, opaque handles, no exceptions.
 *
 * Every function that can fail returns a status; scorelane_last_error() then holds a sentence for
 * the user. A model may be used by several threads at once, a stream by one thread at a time.
 */
#ifndef SCORELANE_C_API_H
#define SCORELANE_C_API_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define SCORELANE_API __declspec(dllexport)
#else
#define SCORELANE_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a structure or a function here changes its meaning. */
#define SCORELANE_ABI_VERSION 4

typedef enum scorelane_status {
  SCORELANE_OK = 0,
  SCORELANE_AUDIO_ERROR = 1,    /* the recording cannot be used */
  SCORELANE_MODEL_ERROR = 2,    /* the model file cannot be used */
  SCORELANE_ENGINE_ERROR = 3,   /* device, memory, or an object used in the wrong way */
  SCORELANE_CANCELLED = 4,      /* the progress callback asked to stop */
  SCORELANE_ARGUMENT_ERROR = 5, /* a null pointer or a value out of range */
} scorelane_status;

/* One played note; times in seconds from the start of the recording. */
typedef struct scorelane_note {
  double onset;
  double offset;
  int32_t pitch;    /* 0-127; the General MIDI key for drums */
  int32_t program;  /* 0-127, counted from 0; 0 for drums */
  int32_t velocity; /* 1-127 */
  int32_t is_drum;  /* 0 or 1 */
  float confidence; /* 0-1 */
} scorelane_note;

typedef struct scorelane_model scorelane_model;
typedef struct scorelane_stream scorelane_stream;

/* Called every 20 ms or so, on the thread that pushes or flushes, with the seconds of the recording
 * that are done; a return of 0 cancels. */
typedef int (*scorelane_progress)(void* user, double seconds_done);

/* How it is found which notes are held over the border between two segments. */
typedef enum scorelane_held_notes {
  SCORELANE_HELD_FREE = 0,   /* each segment says for itself: many are decoded together */
  SCORELANE_HELD_LINKED = 1, /* one by one: each chooses among the notes that sound before it */
  SCORELANE_HELD_FORCED = 2, /* one by one: all go on until their end is heard */
} scorelane_held_notes;

typedef struct scorelane_options {
  const int32_t* programs; /* the only programs that may appear; null: all */
  size_t program_count;
  const int32_t* players; /* of each program whose of the players that were named it is, from 0,
                             less than program_count; null: nobody said who plays */
  int32_t drums;          /* whether drums may appear */
  int64_t batch_size;     /* segments that go through the network together; 0: by device */
  scorelane_progress on_progress; /* may be null */
  void* user;                     /* handed to on_progress */
  int32_t held_notes;             /* a scorelane_held_notes */
  double tuning;                  /* Hz of A4, 380 to 500; 0: as the first minute sounds */
} scorelane_options;

/* The SCORELANE_ABI_VERSION that the library was built with. */
SCORELANE_API int32_t scorelane_abi_version(void);

/* Why the last call on this thread failed; "" where it did not. Valid until the next call. */
SCORELANE_API const char* scorelane_last_error(void);

/* All programs and drums, batch size by device, no progress, held notes free, tuning heard. */
SCORELANE_API scorelane_options scorelane_default_options(void);

/* `path` in UTF-8; `device` is "auto", "cpu", "cuda" or "cuda:N"; `threads` for the CPU, 0 for as
 * many as torch chooses. */
SCORELANE_API scorelane_status scorelane_model_load(const char* path, const char* device,
                                                    int32_t threads, scorelane_model** model);

/* The archive's config.json; valid as long as the model. */
SCORELANE_API const char* scorelane_model_config(const scorelane_model* model);

/* Where the model runs, such as "cpu" or "cuda:0"; valid as long as the model. */
SCORELANE_API const char* scorelane_model_device(const scorelane_model* model);

/* Streams that use the model keep what they need of it. Null is allowed. */
SCORELANE_API void scorelane_model_free(scorelane_model* model);

/* A stream transcribes one recording of `sample_rate` Hz. `options` may be null. */
SCORELANE_API scorelane_status scorelane_stream_new(const scorelane_model* model,
                                                    double sample_rate,
                                                    const scorelane_options* options,
                                                    scorelane_stream** stream);

/* Takes `frames` samples (-1 to 1) of each channel and gives the notes that have ended. They belong
 * to the stream and are valid until its next call. After an error the stream is over. */
SCORELANE_API scorelane_status scorelane_stream_push(scorelane_stream* stream,
                                                     const float* const* channels,
                                                     size_t channel_count, size_t frames,
                                                     const scorelane_note** notes,
                                                     size_t* note_count);

/* Transcribes what is left and gives the last notes; nothing may be pushed afterwards. */
SCORELANE_API scorelane_status scorelane_stream_flush(scorelane_stream* stream,
                                                      const scorelane_note** notes,
                                                      size_t* note_count);

/* Null is allowed. */
SCORELANE_API void scorelane_stream_free(scorelane_stream* stream);

#ifdef __cplusplus
}
#endif

#endif
