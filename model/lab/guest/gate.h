/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the two halves of the gate module know of each other. */
#include <linux/blkdev.h>
#include <linux/fs.h>

void gate_transfer(struct bio *bio);		/* gate_main.c: between a bio and the disk that it is for */

bool gate_chance_of_current(void);		/* gate_chance.c: is the current task held now and then? */
void gate_chance(void);				/* it comes to a gate */
bool gate_chance_bio(struct bio *bio);		/* true: the bio is taken, and completes some time later */
int gate_chance_begins(const char *permille);
extern const struct file_operations gate_out_fops;
