--------------------------------- MODULE check ---------------------------------
\* check that fails for some

EXTENDS Integers, TLC

VARIABLES
  a,
  b,
  p,  \* locals of p
  pc  \* label of each process

vars == <<a, b, p, pc>>

Number(b_) == IF b_ THEN 1 ELSE 0
Min(m_, n_) == IF m_ < n_ THEN m_ ELSE n_
Max(m_, n_) == IF m_ > n_ THEN m_ ELSE n_
Within(n_, count_) == IF n_ \in 0..(count_ - 1) THEN n_ ELSE 0

\* Every value is in its range.
TypeOK ==
  /\ a \in (-3)..3
  /\ b \in (-3)..3
  /\ p \in [x : (-3)..3, y : (-3)..3]

Init ==
  /\ a = 0
  /\ b = 0
  /\ p = [x |-> (-3), y |-> (-3)]
  /\ pc = <<"L0">>

\* run:10: step 0
p_L0(self) ==
  /\ pc[self] = "L0"
  /\ \E x_1 \in (-3)..3 :
       /\ Assert(x_1 < 2, "range: a := x is too large")
       /\ a' = x_1
       /\ pc' = [pc EXCEPT ![self] = "L1"]
       /\ UNCHANGED <<b, p>>

p_step(self) ==
  \/ p_L0(self)

Next ==
  \/ p_step(1)

Spec == Init /\ [][Next]_vars

AtRest ==
  /\ \A self \in 1..1 : pc[self] \in {"L1"}

\* Where nothing can move, every process is at rest.
NoDeadlock == AtRest \/ ENABLED Next

================================================================================
