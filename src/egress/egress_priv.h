/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EGRESS_EGRESS_PRIV_H
#define EGRESS_EGRESS_PRIV_H

#include "ipc/peers.h"
#include "order/order.h"
#include "redact/scanner.h"

struct egress {
	struct peers *peers;
	struct loop *loop;
	struct scanner *scanner;
	struct verifier *verifier;
};

#endif
