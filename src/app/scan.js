/* SPDX-License-Identifier: Apache-2.0 */
/* What reads a QR code where the browser itself does not: a file of its own,
 * fetched when a code is to be scanned. */
export { BarcodeDetector } from "qr/decode.js";
