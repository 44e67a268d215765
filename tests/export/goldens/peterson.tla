------------------------------- MODULE peterson --------------------------------
\* two peterson

EXTENDS Integers, TLC

VARIABLES
  Contender_wants,  \* flag
  Contender_inside,  \* in the critical section
  Referee_turn,  \* turn
  pc  \* label of each process

Contender_fields == <<Contender_wants, Contender_inside>>
Referee_fields == <<Referee_turn>>
vars == <<Contender_fields, Referee_fields, pc>>

Number(b_) == IF b_ THEN 1 ELSE 0
Min(m_, n_) == IF m_ < n_ THEN m_ ELSE n_
Max(m_, n_) == IF m_ > n_ THEN m_ ELSE n_
Within(n_, count_) == IF n_ \in 0..(count_ - 1) THEN n_ ELSE 0

\* Every value is in its range.
TypeOK ==
  /\ Contender_wants \in [0..1 -> BOOLEAN]
  /\ Contender_inside \in [0..1 -> BOOLEAN]
  /\ Referee_turn \in 0..1

Init ==
  /\ Contender_wants = [i \in 0..1 |-> FALSE]
  /\ Contender_inside = [i \in 0..1 |-> FALSE]
  /\ Referee_turn = 0
  /\ pc = <<"L0", "L0">>

\* compete:39: raise_flag
compete_L0(self) ==
  /\ pc[self] = "L0"
  /\ Contender_wants' = [Contender_wants EXCEPT ![self - 1] = TRUE]
  /\ pc' = [pc EXCEPT ![self] = "L1"]
  /\ UNCHANGED <<Contender_inside, Referee_fields>>

\* compete:40: give_turn_away
compete_L1(self) ==
  /\ pc[self] = "L1"
  /\ Referee_turn' = 1 - (self - 1)
  /\ pc' = [pc EXCEPT ![self] = "L2"]
  /\ UNCHANGED <<Contender_fields>>

\* compete:41: the test and the entry
compete_L2(self) ==
  /\ pc[self] = "L2"
  /\ TRUE = (~Contender_wants[1 - (self - 1)] \/ (Referee_turn = (self - 1)))
  /\ Contender_inside' = [Contender_inside EXCEPT ![self - 1] = TRUE]
  /\ pc' = [pc EXCEPT ![self] = "L3"]
  /\ UNCHANGED <<Contender_wants, Referee_fields>>

\* compete:44: leaving
compete_L3(self) ==
  /\ pc[self] = "L3"
  /\ Contender_wants' = [Contender_wants EXCEPT ![self - 1] = FALSE]
  /\ Contender_inside' = [Contender_inside EXCEPT ![self - 1] = FALSE]
  /\ pc' = [pc EXCEPT ![self] = "L0"]
  /\ UNCHANGED <<Referee_fields>>

compete_step(self) ==
  \/ compete_L0(self)
  \/ compete_L1(self)
  \/ compete_L2(self)
  \/ compete_L3(self)

Next ==
  \/ \E self \in 1..2 : compete_step(self)

Spec == Init /\ [][Next]_vars

AtRest ==
  /\ \A self \in 1..2 : pc[self] \in {}

\* Where nothing can move, every process is at rest.
NoDeadlock == AtRest \/ ENABLED Next

\* reachable: A process can enter.
somebody_is_inside ==
  \/ Contender_inside[0]
  \/ Contender_inside[1]
Never_somebody_is_inside == ~somebody_is_inside

\* invariant: At most one process is in the critical section.
mutual_exclusion ==
  /\ ~(Contender_inside[0] /\ Contender_inside[1])

================================================================================
