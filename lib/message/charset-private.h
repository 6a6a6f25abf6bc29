/* Inside lib/message: the parts of charset.c. */
#ifndef QA_MESSAGE_CHARSET_PRIVATE_H
#define QA_MESSAGE_CHARSET_PRIVATE_H

#include "base/span.h"
#include "message/sink.h"

/* What bytes look like (guess.c). */
bool qa_guess_ascii(qa_span s); /* no byte over 127, no ESC, SO, SI */
bool qa_guess_jis(qa_span s);   /* has escapes of ISO-2022-JP */
/* Wholly EUC-JP, or Shift_JIS: 0 no, 1 it could be, 2 it has kana. */
int qa_guess_euc(qa_span s);
int qa_guess_sjis(qa_span s);

/* ISO-2022-JP rewritten as EUC-JP (jis.c), which iconv reads. */
void qa_jis_to_euc(qa_span s, struct qa_sink *out);

#endif
