/* Between edges.c, which knows where the back-edges are, and osr.c, which runs frames that leave at them. */
#ifndef PYSTON_LITE_EDGES_H
#define PYSTON_LITE_EDGES_H

#include "shim.h"

const pl_edge *pl_edge_at(const pl_code *pc, int64_t bci);       /* NULL: no back-edge there */
bool pl_loop_wants_exits(const pl_loop *loop);                   /* whether it may still get a unit */
void pl_loop_unpatch(pl_code *pc, const pl_loop *loop);
void pl_loop_rest(pl_code *pc, pl_loop *loop);                   /* until the next pl_loops_watch */

#endif
