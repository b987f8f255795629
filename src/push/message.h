/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUSH_MESSAGE_H
#define PUSH_MESSAGE_H

/*
 * What a notification says: always this.  Who sees it on its way, the push
 * service among them, learns that the house asks somebody something and when;
 * not what, nor of which tool or run, nor how long it is.
 *
 * Pure.
 */

#define PUSH_TEXT "Something waits for you."

/* Beside the body, in this order.  A new one takes the place of an older one
 * that the phone has not seen yet, where the service knows how (RFC 8030
 * section 5.4), and nobody is told of a question that is long over (section
 * 5.2). */
#define PUSH_HEADERS_OF_ALL                                                    \
	"topic: durward", "ttl: 3600", "urgency: high",                        \
	    "accept-encoding: identity", "expect:"
#define PUSH_HEADERS                                                           \
	"content-type: text/plain; charset=utf-8", "title: Durward",           \
	    PUSH_HEADERS_OF_ALL
/* For a browser it is sealed (webpush/webpush.h), and as long as ever; its
 * words are those of the page. */
#define PUSH_HEADERS_SEALED                                                    \
	"content-type: application/octet-stream",                              \
	    "content-encoding: aes128gcm", PUSH_HEADERS_OF_ALL

#endif
