/* sample.h: private to transform/: inputs cut to a window of event time. */
#ifndef TRANSFORM_SAMPLE_H
#define TRANSFORM_SAMPLE_H

#include "transform/run.h"

/* The condition on the rows of `target` that the node at work may see: the window of its batch,
 * that of --sample, what both have in common. Empty: all rows, as where the target has no
 * event_time. Owner: the run's arena. */
Str sample_filter(NodeRun *run, const Node *target);

#endif
