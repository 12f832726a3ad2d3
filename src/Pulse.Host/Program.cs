using Pulse.Actors.Broker;
using Pulse.Host.Cli;

return KafkaClients.End(await HostCommand.RunAsync(args), limit: TimeSpan.FromSeconds(1));
