/* check that fails for some
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
hidden int old[2];
#else
#define CHECK(cond, n, why)	HOLDS(cond, why)
#define FAIL(n, why)	printf(why); assert(false); goto D##n
#define SAVE(effects)	skip
#define UNDO(n, effects)	D##n: skip
#define RETRY(label)
#define JUDGE	AFTER
#endif

short a;
short b;
short p_x = -3;
short p_y = -3;
byte next;	/* label that follows, within a step */
short choice0;	/* value chosen, within a step */

#define SELF	(_pid + 1)	/* number of the process that takes the step */

active proctype p()
{
L0:	/* run:10: step 0 */
	atomic {
		if
		:: true -> choice0 = -3
		:: true -> choice0 = -2
		:: true -> choice0 = -1
		:: true -> choice0 = 0
		:: true -> choice0 = 1
		:: true -> choice0 = 2
		:: true -> choice0 = 3
		fi;
		d_step {
			SAVE(old[0] = p_x);
			p_x = choice0;
			CHECK(p_x < 2, 0, "range: a := x is too large\n");
			a = p_x;
			p_x = -3;
			UNDO(0, p_x = old[0]);
			choice0 = 0
		};
		RETRY(L0)
		goto end_L1
	};
end_L1:	/* run:11: rest */
	false;
	(a + b + p_x + p_y)	/* never reached; but SPIN keeps only what something reads */
}
