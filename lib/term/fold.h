/*
 * One grapheme cluster folded at a time: NFKC, full case folding, ignorables dropped. A
 * cluster holds everything that composition may touch, so folding piece by piece equals
 * folding the whole text, and offsets into the original stay known.
 */
#ifndef QA_TERM_FOLD_H
#define QA_TERM_FOLD_H

#include "base/attr.h"
#include "base/span.h"

#include <stdint.h>

#define QA_FOLD_CLUSTER 16	  /* characters of a cluster; more marks on one letter start a new one */
#define QA_FOLD_MAX (QA_FOLD_CLUSTER * 18) /* U+FDFA becomes 18, no character more */

enum qa_fold_kind {
	QA_FOLD_GAP,
	QA_FOLD_LETTER, /* letters and numbers of scripts with blanks between words */
	QA_FOLD_MARK,	/* a combining mark: part of the word or run it follows */
	QA_FOLD_KANJI,	/* Han and kana */
	QA_FOLD_JAMO,	/* a Hangul letter outside a syllable: never in a pair, which might compose */
	QA_FOLD_RUN,	/* other scripts whose words are not set apart, or that gain from pairs */
};

/* The character at the front of s: its length in bytes, or 0 when that is not UTF-8. */
size_t qa_fold_decode(qa_span s, int32_t *c_r);

/* Folds the cluster at the front of s: how many characters out_r (QA_FOLD_MAX of them) got,
 * possibly none; *used_r is its length in bytes, 0 when s does not start with UTF-8. */
size_t qa_fold_cluster(qa_span s, size_t *used_r, int32_t *out_r);

/* What a folded character is. */
enum qa_fold_kind qa_fold_kind(int32_t c);

/* True for unfolded Han and kana, half-width ones too: a lone line break before it joins. */
bool qa_fold_joins(int32_t c);

#endif
