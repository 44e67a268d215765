/*
 * Two-phase commit with RM resource managers, for SPIN at its fastest: a set of
 * managers is a mask, an action is one option of one process, and nothing is
 * evaluated twice.  The states and transitions are those of the model of the
 * same name in the checker's language:
 *
 *	spin -DRM=8 -a two_phase_commit.pml
 *	gcc -O3 -DSAFETY -o pan pan.c && ./pan
 */
#ifndef RM
#define RM	3
#endif
#if RM > 12
#error "at most 12 resource managers"
#endif
#if RM > 8
#define SET	short
#else
#define SET	byte
#endif
#define ALL	((1 << RM) - 1)

/* A manager is in one of the first three sets, or it is prepared. */
SET working = ALL;
SET committed, aborted;
SET promised;			/* its Prepared message was sent */
SET counted;			/* and received */
bit decided, commit_sent, abort_sent;

#define IN(set, r)	(set & (1 << r))
#define ADD(set, r)	set = set | (1 << r)
#define DEL(set, r)	set = set & ~(1 << r)

#define MANAGER(r)	\
	:: d_step { !decided && IN(promised, r) -> ADD(counted, r) }	\
	:: d_step { IN(working, r) -> DEL(working, r); ADD(promised, r) }	\
	:: d_step { IN(working, r) -> DEL(working, r); ADD(aborted, r) }	\
	:: d_step { commit_sent -> DEL(working, r); DEL(aborted, r); ADD(committed, r) }	\
	:: d_step { abort_sent -> DEL(working, r); DEL(committed, r); ADD(aborted, r) }

active proctype transaction()
{
	do
	:: d_step { !decided && counted == ALL -> decided = 1; commit_sent = 1 }
	:: d_step { !decided -> decided = 1; abort_sent = 1 }
	MANAGER(0)
#if RM > 1
	MANAGER(1)
#endif
#if RM > 2
	MANAGER(2)
#endif
#if RM > 3
	MANAGER(3)
#endif
#if RM > 4
	MANAGER(4)
#endif
#if RM > 5
	MANAGER(5)
#endif
#if RM > 6
	MANAGER(6)
#endif
#if RM > 7
	MANAGER(7)
#endif
#if RM > 8
	MANAGER(8)
#endif
#if RM > 9
	MANAGER(9)
#endif
#if RM > 10
	MANAGER(10)
#endif
#if RM > 11
	MANAGER(11)
#endif
	:: d_step { committed && aborted -> assert(false) }	/* consistent: one look per state */
	od
}
