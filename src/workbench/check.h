/* check.h: private to workbench/: where in a user's file a fault of compiled SQL stands. */
#ifndef WORKBENCH_CHECK_H
#define WORKBENCH_CHECK_H

#include "workbench/workbench.h"

/* A fault as the engine tells it: "Binder Error: ...\n\nLINE 3: select amout\n   ^". */
typedef struct Fault {
    Str message;               /* without the engine's own excerpt                             */
    Str token;                 /* the word it is about, or empty                                */
    uint32_t line, column;     /* 1-based, in the SQL; 0: not told                              */
} Fault;

/* first_line  line of the statement on which the SQL begins, 1-based */
Fault fault_read(Arena *arena, Str text, uint32_t first_line);

/* The place of a fault: in the node's own file if its text is found there, else in `compiled`. */
void fault_place(Arena *arena, const Node *node, Str code, const Fault *fault, Finding *finding);

/* Place of "name: COLUMN" of the node's entry in its property file; the file alone if it is not
 * found. */
void column_place(Arena *arena, const Project *project, const Node *node, Str column,
                  Finding *finding);

#endif
