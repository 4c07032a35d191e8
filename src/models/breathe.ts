/**
 * Leaving the program time for other things during long work: clicks, drawing, timers, requests.
 */

/** How long work may go on before the rest of the program has its turn, in milliseconds. */
const stretch = 16;

let lastTurn = Number.NEGATIVE_INFINITY;

/** After everything that waits has had its turn. Timers would wait 4 ms each time, and a second in a hidden page. */
function nextTurn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** Lets the rest of the program have its turn if it has not had one for a while. */
export async function breathe(): Promise<void> {
  if (performance.now() - lastTurn < stretch) return;
  await nextTurn();
  lastTurn = performance.now();
}
