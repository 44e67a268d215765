--------------------------------- MODULE setup ---------------------------------
\* setup that chooses

EXTENDS Integers, TLC

VARIABLES
  n,
  p,  \* locals of p
  pc  \* label of each process

vars == <<n, p, pc>>

Number(b_) == IF b_ THEN 1 ELSE 0
Min(m_, n_) == IF m_ < n_ THEN m_ ELSE n_
Max(m_, n_) == IF m_ > n_ THEN m_ ELSE n_
Within(n_, count_) == IF n_ \in 0..(count_ - 1) THEN n_ ELSE 0

\* Every value is in its range.
TypeOK ==
  /\ n \in 0..3
  /\ p \in [s : 0..3]

Init ==
  \E s_1 \in 0..3 :
    /\ s_1 # 1
    /\ LET n_1 == Max(s_1, 2)
       IN
         /\ n = n_1
         /\ p = [s |-> 0]
         /\ pc = <<"L0">>

\* run:10: step 0
p_L0(self) ==
  /\ pc[self] = "L0"
  /\ n < 3
  /\ n' = n + 1
  /\ UNCHANGED <<p, pc>>

p_step(self) ==
  \/ p_L0(self)

Next ==
  \/ p_step(1)

Spec == Init /\ [][Next]_vars

AtRest ==
  /\ \A self \in 1..1 : pc[self] \in {"L0"}

\* Where nothing can move, every process is at rest.
NoDeadlock == AtRest \/ ENABLED Next

================================================================================
