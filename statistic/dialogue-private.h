/* What the two sides of the follower share. */
#ifndef QA_STATISTIC_DIALOGUE_PRIVATE_H
#define QA_STATISTIC_DIALOGUE_PRIVATE_H

#include "statistic/command.h"
#include "statistic/dialogue.h"

/* A command that waits for its reply; n bytes of address follow it in the queue. */
struct qa_dialogue_entry {
	uint64_t size; /* of a chunk */
	uint32_t n;
	uint8_t kind; /* enum qa_command_kind, or the ones below */
	bool last;    /* of a chunk */
};
enum { QA_ENTRY_END = 100, QA_ENTRY_SECRET }; /* the dot after DATA; a line of AUTH */

/* Stops following for good; memory is given back when the bytes at hand are through. */
void qa_dialogue_lose(struct qa_dialogue *d, const char *why);

void qa_dialogue_push(struct qa_dialogue *d, const struct qa_dialogue_entry *e, const unsigned char *address);

/* The oldest command without a reply, taken off; its address is valid until the next push. False: there is none. */
bool qa_dialogue_pop(struct qa_dialogue *d, struct qa_dialogue_entry *e_r, qa_span *address_r);

/* The client side goes on in STATE with what was held. */
void qa_dialogue_resume(struct qa_dialogue *d, enum qa_dialogue_client state);

/* The mail's parts (dialogue.c). */
void qa_dialogue_open(struct qa_dialogue *d, qa_span sender);
void qa_dialogue_refuse(struct qa_dialogue *d, qa_span sender);
void qa_dialogue_accept(struct qa_dialogue *d, qa_span recipient);
void qa_dialogue_forget(struct qa_dialogue *d);

/* One result for each accepted recipient, with the reply that is in text; the recipients are then gone. */
void qa_dialogue_tell(struct qa_dialogue *d, enum qa_dialogue_stage stage, unsigned code);
void qa_dialogue_tell_one(struct qa_dialogue *d, enum qa_dialogue_stage stage, unsigned code, qa_span reply, qa_span recipient);

#endif
