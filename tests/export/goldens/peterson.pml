/* two peterson
 *
 * spin -a FILE && gcc -O2 -DNOREDUCE -DSAFETY -o pan pan.c && ./pan -m1000000
 */

#define MIN(a, b)	((a) < (b) -> (a) : (b))
#define MAX(a, b)	((a) > (b) -> (a) : (b))
#define DIV(a, c)	((a) >= 0 -> (a) / (c) : -(((c) - 1 - (a)) / (c)))	/* rounds down */
#define MOD(a, c)	((((a) % (c)) + (c)) % (c))

#define HOLDS(cond, why)	if :: cond :: else -> printf(why); assert(false) fi

#ifdef COUNT	/* a step that fails is undone, and the search goes on */
#define CHECK(cond, n, why)	if :: cond :: else -> goto F##n fi
#define FAIL(n, why)	goto F##n
#define SAVE(effects)	effects
#define UNDO(n, effects)	goto D##n; F##n: failed = 1; effects; D##n: skip
#define RETRY(label)	if :: failed -> failed = 0; goto label :: else fi;
#define JUDGE	if :: failed :: else -> AFTER fi
bit failed;
hidden int old[4];
#else
#define CHECK(cond, n, why)	HOLDS(cond, why)
#define FAIL(n, why)	printf(why); assert(false); goto D##n
#define SAVE(effects)	skip
#define UNDO(n, effects)	D##n: skip
#define RETRY(label)
#define JUDGE	AFTER
#endif

bit Contender_wants[2];	/* flag */
bit Contender_inside[2];	/* in the critical section */
bit Referee_turn;	/* turn */
byte next;	/* label that follows, within a step */

/* reachable: A process can enter. */
#define somebody_is_inside	((Contender_inside[0]) || (Contender_inside[1]))
/* invariant: At most one process is in the critical section. */
#define mutual_exclusion	(!(Contender_inside[0] && Contender_inside[1]))

#define SELF	(_pid + 1)	/* number of the process that takes the step */

#define compete_number	(_pid - 0)	/* which instance takes the step */
active [2] proctype compete()
{
L0:	/* compete:39: raise_flag */
	if
	:: d_step {
		Contender_wants[compete_number] = 1
	}
	fi;
	goto L1;
L1:	/* compete:40: give_turn_away */
	if
	:: d_step {
		Referee_turn = 1 - compete_number
	}
	fi;
	goto L2;
L2:	/* compete:41: the test and the entry */
	if
	:: d_step {
		!Contender_wants[1 - compete_number] || Referee_turn == compete_number ->
		Contender_inside[compete_number] = 1
	}
	fi;
	goto L3;
L3:	/* compete:44: leaving */
	if
	:: d_step {
		Contender_inside[compete_number] = 0;
		Contender_wants[compete_number] = 0
	}
	fi;
	goto L0;
	(Contender_wants[0] + Contender_inside[0] + Referee_turn)	/* never reached; but SPIN keeps only what something reads */
}

active proctype properties()
{
end:
	do
	:: d_step { !mutual_exclusion -> HOLDS(mutual_exclusion, "mutual_exclusion: At most one process is in the critical section.\n") }
#ifdef FIND
	:: d_step { FIND -> assert(!FIND) }
#endif
	:: false
	od
}
