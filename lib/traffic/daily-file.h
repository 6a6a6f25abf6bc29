/*
 * The daily files in their folder: which are there, and publishing one. doc: qml(5).
 *
 * A file is published by rename and synced; who reads the folder sees a whole file or none. Two who publish at once take
 * turns; what a killed one left is swept by the next.
 */
#ifndef QA_TRAFFIC_DAILY_FILE_H
#define QA_TRAFFIC_DAILY_FILE_H

#include "traffic/daily.h"

/* Opens the folder, made when it is missing: the descriptor, or -1. */
int qa_daily_folder(const char *dir, struct qa_err *err) QA_MUST;

/* Whether a day has its file, also a loaded one (loaded/NAME, loaded/NAME.gz): 1, 0, -1. */
int qa_daily_there(int dirfd, const char *dir, struct qa_day day, struct qa_err *err) QA_MUST;

/* Publishes the file of day I of D, in place of one that is there. */
int qa_daily_publish(int dirfd, const char *dir, const struct qa_daily *d, size_t i, struct qa_err *err) QA_MUST;

#endif
