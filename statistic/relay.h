/*
 * Passes bytes between a client and the server, both ways, unchanged, as they come. Neither way waits for the other; 64 KiB are held for
 * each. The end of one way is passed on as such, while the other goes on (half-close).
 *
 * Bytes are copied through memory, also when nobody needs to see them: splice(2) by way of a pipe took 0.3 in place of 0.4 ms of CPU a MB
 * from TCP to a socket pair, which is little beside the TLS at its end.
 *
 * It ends when the server has closed its side and all it sent is with the client, and the server's process has ended. Time limits are the
 * server's business, but one: when it has ended and the client does not take what is left for five minutes.
 */
#ifndef QA_STATISTIC_RELAY_H
#define QA_STATISTIC_RELAY_H

#include "base/span.h"
#include "statistic/child.h"

#include <stdint.h>

enum { QA_RELAY_HOLD = 64 << 10, QA_RELAY_LINGER = 300 };

/* Sees all bytes, before they are passed on. A false return means that it need not see more. */
typedef bool qa_relay_seen(void *ctx, bool from_server, qa_span bytes);

/*
 * The client is on descriptors 0 and 1, of any kind; nothing is changed about them but that they end. The server's process is CHILD, the other
 * end of its socket FD.
 * Returns how many bytes of the server's the client did not take.
 */
uint64_t qa_relay_run(struct qa_child *child, int fd, qa_relay_seen *seen, void *ctx);

#endif
