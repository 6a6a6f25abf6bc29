/* The simulator's disk: files and folders with what is durable and what is waiting. */
#ifndef QA_SYS_SIM_DISK_H
#define QA_SYS_SIM_DISK_H

#include "sys/sim-private.h"

/* A change that no sync has made durable. */
struct change {
	const struct ev *e;
	struct node *node;  /* of a name: the file it shall mean; NULL: none */
	const char *name;   /* in this folder: set to node, or removed when node is NULL */
	const char *also;   /* a rename within the folder: this name is removed in the same step */
	struct node *other; /* a rename out of this folder: the folder that gets the name */
	size_t
	    other_n; /* ... and how many of its changes must then have happened; 0 = they were made durable */
	bool lost;   /* of a file: a failed sync was to make it durable */
};

struct entry {
	const char *name;
	struct node *node;
};

struct node {
	struct node *next; /* all nodes */
	struct node *hash;
	uint64_t ino;
	mode_t mode;
	bool folder;
	const struct ev *link; /* a symbolic link: its target */

	/* a file: durable bytes (zeros follow up to size) */
	unsigned char *p;
	size_t n, room;
	uint64_t size;

	/* a folder: durable names */
	struct entry *entry;
	size_t entries, entry_room;

	struct change *change;
	size_t changes, change_room;
	size_t made; /* a folder: changes made durable so far, so that places in the list stay comparable */

	size_t kept; /* while cutting: how many changes of a folder happened */
	char *path;  /* while cutting: where the file was made first */
};

struct qa_sim_disk {
	const struct qa_sim *sim;
	size_t at; /* the next entry of the trace */
	struct node *nodes, *root;
	struct node *table[4096];
	qa_span *note;
	size_t notes, note_room;
};

/* Applies to the bytes p (of *n_r, room *room_r) and size of a file one change, or zeros or rubbish in its
 * place. */
struct bytes {
	unsigned char *p;
	size_t n, room;
	uint64_t size;
};
void qa_sim_bytes_put(struct bytes *b, uint64_t at, const unsigned char *p, size_t n);
void qa_sim_bytes_apply(struct bytes *b, const struct ev *e);
void qa_sim_entries_apply(struct entry **v, size_t *n, size_t *room, const struct change *c);

/* malloc, realloc or the end. */
void *qa_sim_grow(void *p, size_t n, size_t *room_r, size_t each);

#endif
