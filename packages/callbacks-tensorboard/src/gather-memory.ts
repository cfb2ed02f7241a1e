import type { Communicator, MemoryReport } from '@x/trainer-core';

/**
 * The memory reports of all workers, in rank order, on every worker. The only thing that workers can do together is to
 * add up, so each adds its own numbers to zeros. Device names are lost: devices of the result are numbered.
 */
export async function gatherMemory(own: MemoryReport, communicator: Communicator): Promise<MemoryReport[]> {
  const ranks = Array.from({ length: communicator.worldSize }, (_, rank) => rank);
  const everywhere = (name: string, value: number): [string, number][] =>
    ranks.map((rank) => [`${rank}/${name}`, rank === communicator.rank ? value : 0]);

  const devices = Object.values(own.deviceBytes);
  const counts = await communicator.allReduceSum(
    Object.fromEntries([
      ...everywhere('hostBytes', own.hostBytes),
      ...everywhere('tensors', own.tensors),
      ...everywhere('devices', devices.length),
    ]),
  );
  const most = Math.max(...ranks.map((rank) => counts[`${rank}/devices`]!));
  const numbers = Array.from({ length: most }, (_, device) => device);
  const bytes = await communicator.allReduceSum(
    Object.fromEntries(numbers.flatMap((device) => everywhere(`device${device}`, devices[device] ?? 0))),
  );
  return ranks.map((rank) => ({
    hostBytes: counts[`${rank}/hostBytes`]!,
    tensors: counts[`${rank}/tensors`]!,
    deviceBytes: Object.fromEntries(
      numbers
        .slice(0, counts[`${rank}/devices`])
        .map((device) => [`device${device}`, bytes[`${rank}/device${device}`]!]),
    ),
  }));
}
