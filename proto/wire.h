/*
 * Frames on the wire: packing and unpacking with limits, and nothing else.
 * Generated protobuf code is seen by wire.c only; agents and hubs see these
 * structs.  wire_unpack is a pure function over foreign bytes: it takes at
 * most WIRE_HEAP_FACTOR times the frame (a small one: WIRE_HEAP_FLOOR_BYTES),
 * protobuf-c's part and our events together; every count is checked before
 * anything is sized by it and every text after; fuzzed.
 */
#ifndef PLAINTIFF_WIRE_H
#define PLAINTIFF_WIRE_H

#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/event.h"

struct arena;

enum {
	WIRE_VERSION = 1,
	WIRE_FRAME_BYTES = 256 * 1024,
	WIRE_BATCH_EVENTS = 1000,
	WIRE_HEAP_FACTOR = 4,
	WIRE_HEAP_FLOOR_BYTES = 384 * 1024,
	WIRE_OUTBOX_BYTES = 8,
	WIRE_HELLO_ADDRESSES = 64,
};

enum wire_type {
	WIRE_HELLO,
	WIRE_WELCOME,
	WIRE_BATCH,
	WIRE_ACK,
	WIRE_NAK,
	WIRE_PING,
	WIRE_PONG,
};

/* As in plaintiff.proto. */
enum wire_reason {
	WIRE_BUSY = 1,
	WIRE_QUOTA,
	WIRE_REVOKED,
	WIRE_MALFORMED,
	WIRE_TOO_BIG,
	WIRE_BAD_VERSION,
};

struct wire_counters {
	uint8_t outbox[WIRE_OUTBOX_BYTES];
	uint64_t lines, ignored, unparsable, unreportable;
	uint64_t emitted, repeated, unacked, gaps, withheld;
	uint64_t lost_places; /* times that unread lines were gone */
};

struct wire_hello {
	uint32_t version;
	struct text software, host;
	const struct addr *addresses;
	size_t address_count;
	struct wire_counters counters;
};

struct wire_welcome {
	uint32_t version, window, max_bytes, max_events;
	int64_t time_us;
	uint64_t last_batch; /* 0: none */
};

struct wire_batch {
	uint64_t batch;
	struct text site;
	struct wire_counters counters;
	struct event *events;
	size_t count;
};

struct wire_ack {
	uint64_t batch;
	uint32_t new_events, known_events;
};

struct wire_nak {
	uint64_t batch; /* 0: not about a batch */
	enum wire_reason reason;
	uint32_t retry_ms;
};

struct wire_ping {
	struct wire_counters counters;
	int64_t lag_us;
};

struct wire_pong {
	int64_t time_us;
	bool again; /* the counters were not stored: say them again */
};

struct wire_frame {
	size_t heap_bytes; /* the most that unpacking took at a time */
	enum wire_type type;
	union {
		struct wire_hello hello;
		struct wire_welcome welcome;
		struct wire_batch batch;
		struct wire_ack ack;
		struct wire_nak nak;
		struct wire_ping ping;
		struct wire_pong pong;
	};
};

enum wire_result {
	WIRE_OK,
	WIRE_TOO_LARGE, /* over a limit: frame, events, heap */
	WIRE_GARBAGE,   /* not a frame of ours */
};

/* Appends the frame's bytes to out.  A batch must hold at most
 * WIRE_BATCH_EVENTS events with clean texts within event.h's lengths; the
 * result can still be over WIRE_FRAME_BYTES: the caller looks at out->n and
 * sends fewer. */
void wire_pack(const struct wire_frame *f, struct buf *out);

/* Reads one frame.  Everything in *f lives in the arena or in the bytes.
 * *why says what is wrong, static storage.  Ids are not recomputed here:
 * event_id_is_true.  When it is not WIRE_OK, f->type, f->batch.batch and
 * f->batch.count tell which batch cannot be used and how many events it says
 * it has, as far as that could be read; 0 if not. */
enum wire_result wire_unpack(const void *bytes, size_t n, struct arena *a,
    struct wire_frame *f, const char **why);

/* Name of a NAK reason for logs, static storage. */
const char *wire_reason_name(enum wire_reason r);

#endif
