/* setup that chooses
 *
 * spin -a FILE && gcc -O2 -DNOREDUCE -DSAFETY -o pan pan.c && ./pan -m1000000
 * (one state more than the model has: that before setup)
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
hidden int old[2];
#else
#define CHECK(cond, n, why)	HOLDS(cond, why)
#define FAIL(n, why)	printf(why); assert(false); goto D##n
#define SAVE(effects)	skip
#define UNDO(n, effects)	D##n: skip
#define RETRY(label)
#define JUDGE	AFTER
#endif

byte n;
byte p_s;
byte next;	/* label that follows, within a step */
byte choice0;	/* value chosen, within a step */

#define SELF	_pid	/* number of the process that takes the step */

proctype p()
{
end_L0:	/* run:10: step 0 */
	if
	:: d_step {
		n < 3 ->
		n = n + 1
	}
	fi;
	goto end_L0;
	(n + p_s)	/* never reached; but SPIN keeps only what something reads */
}

init
{
	atomic {
		if
		:: true -> choice0 = 0
		:: true -> choice0 = 2
		:: true -> choice0 = 3
		fi;
		d_step {
			p_s = choice0;
			n = MAX(p_s, 2);
			p_s = 0;
			choice0 = 0
		};
		run p()
	}
}
